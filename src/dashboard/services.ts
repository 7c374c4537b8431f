import type { ProviderId } from '../../protocol/credential.ts';

/** Characters of the shortest password that an account may have. */
export const shortestPassword = 10;
/** Seconds that a web session lives, at the server and as a cookie. */
export const webSessionLifetime = 12 * 60 * 60;

/** What the web pages need from the rest of the dashboard. Refusals are `SynscError`s. */
export interface Services {
  /** CONFLICT for a known address; INVALID_PARAMS with the field at fault. */
  signUp(email: string, password: string): Promise<WebUser>;
  /** NOT_AUTHORIZED; RATE_LIMITED. */
  signIn(email: string, password: string, address: string): Promise<WebUser>;
  /** The value of the session cookie. */
  openWebSession(user: WebUser): Promise<string>;
  webUser(cookieValue: string | undefined): Promise<WebUser | undefined>;
  closeWebSession(cookieValue: string): Promise<void>;
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
  claimedRequest(user: WebUser, cookieValue: string): Promise<DeviceRequest | undefined>;
  /** NOT_FOUND unless this web session claimed a request that still waits. */
  decideDevice(
    user: WebUser,
    cookieValue: string,
    action: 'approve' | 'deny',
  ): Promise<DeviceRequest>;
  devices(user: WebUser): Promise<Device[]>;
  /** NOT_FOUND, also for the device of somebody else. */
  revokeDevice(user: WebUser, id: string): Promise<void>;
  sessions(user: WebUser): Promise<SessionRecord[]>;
  /** The last 200 entries, newest first. */
  audit(user: WebUser): Promise<AuditEntry[]>;
}

export interface WebUser {
  id: string;
  email: string;
}

export interface CredentialSlot {
  provider: ProviderId;
  /** 0 when the slot was never filled. */
  version: number;
  updatedAt: Date | null;
  fields: { name: string; masked: string | null }[];
}

export interface DeviceRequest {
  userCode: string;
  deviceName: string;
  address: string;
  requestedAt: Date;
  scope: string;
  status: 'pending' | 'approved' | 'denied';
}

export interface Device {
  id: string;
  name: string;
  address: string;
  createdAt: Date;
  lastUsedAt: Date | null;
  expiresAt: Date;
  revoked: boolean;
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
  at: Date;
  action: string;
  target: string;
  outcome: string;
  address: string;
}
