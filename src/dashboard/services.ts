import type { ProviderId } from '../../protocol/credential.ts';

/** Characters of the shortest password that an account may have. */
export const shortestPassword = 10;
/** Seconds that a web session lives, at the server and as a cookie. */
export const webSessionLifetime = 12 * 60 * 60;
/** Milliseconds for which a password or passkey counts as just shown. */
export const proofLifetime = 5 * 60_000;

/** What the web pages need from the rest of the dashboard. Refusals are `SynscError`s. */
export interface Services {
  /** CONFLICT for a known address; INVALID_PARAMS with the field at fault; RATE_LIMITED. */
  signUp(email: string, password: string, address: string): Promise<WebUser>;
  /** NOT_AUTHORIZED; RATE_LIMITED. */
  signIn(email: string, password: string, address: string): Promise<WebUser>;
  /** Proves once more who is there. NOT_AUTHORIZED; RATE_LIMITED. */
  prove(user: WebUser, cookieValue: string, password: string): Promise<void>;
  /** Signs every other browser out. NOT_AUTHORIZED, INVALID_PARAMS with the field; RATE_LIMITED. */
  changePassword(
    user: WebUser,
    cookieValue: string,
    passwords: { current: string; wanted: string },
  ): Promise<void>;
  /** Everything of the account is gone afterwards. */
  deleteAccount(user: WebUser): Promise<void>;

  /** The value of the session cookie. */
  openWebSession(user: WebUser, browser: { address: string; agent: string }): Promise<string>;
  webUser(cookieValue: string | undefined): Promise<ProvedUser | undefined>;
  closeWebSession(cookieValue: string): Promise<void>;
  webSessions(user: WebUser, cookieValue: string): Promise<WebSession[]>;
  closeOtherWebSessions(user: WebUser, cookieValue: string): Promise<void>;

  passkeys(user: WebUser): Promise<Passkey[]>;
  /** Options for `navigator.credentials.create()`, as JSON. RATE_LIMITED. */
  passkeyToMake(user: WebUser, site: Site): Promise<object>;
  /** NOT_AUTHORIZED. */
  addPasskey(user: WebUser, name: string, response: unknown, site: Site): Promise<void>;
  /** NOT_FOUND, also for that of somebody else. */
  deletePasskey(user: WebUser, id: string): Promise<void>;
  /**
   * Options for `navigator.credentials.get()`, as JSON; for somebody unknown, by their address, any
   * key will do. RATE_LIMITED.
   */
  passkeyToShow(user: WebUser | string, site: Site): Promise<object>;
  /** NOT_AUTHORIZED. */
  signInByPasskey(response: unknown, site: Site): Promise<WebUser>;
  proveByPasskey(user: WebUser, cookieValue: string, response: unknown, site: Site): Promise<void>;

  /** One slot per provider of the catalog, in its order. */
  credentials(user: WebUser): Promise<CredentialSlot[]>;
  /** INVALID_CREDENTIAL with the field at fault. Values are trimmed; empty optional fields dropped. */
  saveCredential(
    user: WebUser,
    provider: ProviderId,
    values: Record<string, string>,
  ): Promise<void>;
  deleteCredential(user: WebUser, provider: ProviderId): Promise<void>;

  /** Binds the request to this web session. NOT_FOUND; RATE_LIMITED. */
  claimUserCode(
    user: WebUser,
    cookieValue: string,
    userCode: string,
    address: string,
  ): Promise<DeviceRequest>;
  /** Where a code that a link brought was asked for; undefined where none waits. RATE_LIMITED. */
  linkedAddress(user: WebUser, userCode: string, address: string): Promise<string | undefined>;
  claimedRequest(user: WebUser, cookieValue: string): Promise<DeviceRequest | undefined>;
  /** NOT_FOUND unless this web session claimed a request that still waits. */
  decideDevice(
    user: WebUser,
    cookieValue: string,
    action: 'approve' | 'deny',
  ): Promise<DeviceRequest>;

  /** Signed-in machines and tokens for CI, the live ones first. */
  devices(user: WebUser): Promise<Device[]>;
  /** NOT_FOUND, also for the device of somebody else. */
  revokeDevice(user: WebUser, id: string): Promise<void>;
  /** How many were signed out. */
  revokeAllDevices(user: WebUser): Promise<number>;
  /** The token, which is shown once. INVALID_PARAMS with the field at fault. */
  createAutomationToken(user: WebUser, wanted: { name: string; days: string }): Promise<string>;

  /** The last 200, newest first; with `before` those before the session of that id. */
  sessions(user: WebUser, before?: string): Promise<SessionRecord[]>;
  /** NOT_FOUND, also for that of somebody else. */
  session(user: WebUser, id: string): Promise<SessionRecord>;
  /** The last 200 entries that match, newest first. */
  audit(user: WebUser, filter?: AuditFilter): Promise<AuditEntry[]>;
  /** The whole trail that matches, oldest first, as text in pieces; the export is recorded itself. */
  exportAudit(user: WebUser, format: 'csv' | 'json', filter?: AuditFilter): AsyncIterable<string>;

  /** Calls back soon after something of the account has changed. Returns what ends it. */
  watch(user: WebUser, listener: (topic: Topic) => void): () => void;
}

export interface WebUser {
  id: string;
  email: string;
}

/** A user, and when they last showed a password or passkey in this web session. */
interface ProvedUser extends WebUser {
  provedAt: Date;
}

/** Where a browser believes to be, which passkeys are bound to. */
export interface Site {
  readonly origin: string;
  readonly host: string;
}

export interface WebSession {
  address: string;
  /** The browser's own description of itself. */
  agent: string;
  createdAt: Date;
  /** Whether it is the session of the cookie that was shown. */
  current: boolean;
}

export interface Passkey {
  id: string;
  name: string;
  createdAt: Date;
  lastUsedAt: Date | null;
}

export interface CredentialSlot {
  provider: ProviderId;
  /** 0 when the slot was never filled. */
  version: number;
  updatedAt: Date | null;
  /** The last time that a machine took this version; null: none did yet. */
  lastSync: { at: Date; device: string } | null;
  /** The fingerprint tells versions apart; null where nothing, or an older version, is stored. */
  fields: { name: string; masked: string | null; fingerprint: string | null }[];
}

/** What a machine says of itself, but for `address` and `requestedAt`. */
export interface DeviceRequest {
  userCode: string;
  deviceName: string;
  host: string;
  osUser: string;
  address: string;
  requestedAt: Date;
  scope: string;
  status: 'pending' | 'approved' | 'denied';
}

export interface Device {
  id: string;
  kind: 'machine' | 'automation';
  name: string;
  host: string;
  osUser: string;
  address: string;
  scope: string;
  createdAt: Date;
  lastUsedAt: Date | null;
  expiresAt: Date;
  revokedAt: Date | null;
  /** Why it was signed out. */
  endedBy: string;
}

export interface SessionRecord {
  id: string;
  label: string | null;
  directory: string;
  hostname: string;
  startedAt: Date;
  endedAt: Date | null;
  lastSeenAt: Date;
  commands: number;
  redactions: number;
  credentialsUsed: string[];
  /** Hash of the last entry of its audit chain, once it has ended. */
  auditHead: string | null;
}

export interface AuditEntry {
  /** Its number in the account's trail. */
  seq: string;
  at: Date;
  action: string;
  target: string;
  outcome: string;
  address: string;
  /** What the client called itself: its User-Agent. */
  agent: string;
}

export interface AuditFilter {
  action?: string | undefined;
  /** From here on, and up to before there. */
  since?: Date | undefined;
  until?: Date | undefined;
  /** Only entries with a lower number; not of exports. */
  before?: string | undefined;
}

/** What of an account may have changed. */
export type Topic = 'credentials' | 'tokens' | 'sessions';
