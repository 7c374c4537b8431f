import { seededKey } from './rsa.ts';

/** Numbers that are the same in each run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export const lower = 'abcdefghijklmnopqrstuvwxyz';
export const digits = '0123456789';
export const upper = lower.toUpperCase();
export const base62 = upper + lower + digits;

export function letters(random: () => number, alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join('');
}

/** One value as the judge sees it: what of it is secret, and how much of that may be read. */
export interface Value {
  readonly name: string;
  /** As it stands in the variable, or in a line of its own. */
  readonly text: string;
  /** What nobody may read; pieces of it count. */
  readonly secret: string;
  /** Secret characters at an end that are too many; `whole`: found as a whole only. */
  readonly limit: number | 'whole';
}

const token = (name: string, prefix: string, rest: string, limit = 8): Value => ({
  name,
  text: prefix + rest,
  secret: rest,
  limit,
});

/** Values in the shapes of all providers, and what else people keep in such variables. */
export function makeValues(seed: number) {
  const random = seeded(seed);
  const some = (alphabet: string, length: number) => letters(random, alphabet, length);
  const jwtPart = (length: number) => some(`${base62}-_`, length);
  const values = {
    hf: token('hf', 'hf_', some(base62, 34)),
    wandb: token('wandb', '', some('0123456789abcdef', 40), 11),
    wandb1: token('wandb1', 'wandb_v1_', some(`${base62}_`, 77)),
    modalId: token('modalId', 'ak-', some(base62, 22)),
    modalSecret: token('modalSecret', 'as-', some(base62, 22)),
    lambda: token(
      'lambda',
      'secret_synsc_',
      `${some('0123456789abcdef', 32)}.${some(base62, 32)}`,
      11,
    ),
    awsId: token('awsId', 'AKIA', some(`${upper}234567`, 16), 9),
    awsSecret: token(
      'awsSecret',
      '',
      `${some(base62, 9)}/${some(base62, 11)}+${some(base62, 9)}/${some(base62, 8)}`,
    ),
    awsSession: token('awsSession', 'IQoJb3JpZ2luX2VjE', `${some(`${base62}+/`, 330)}==`),
    jwt: token(
      'jwt',
      'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJh',
      `${jwtPart(60)}.${jwtPart(43)}`,
    ),
  };
  return values;
}

/** An RSA key, as PEM and as the file of a service account. */
export function makeServiceAccount(seed: number) {
  const pem = seededKey(seeded(seed)).export({ type: 'pkcs8', format: 'pem' }).toString();
  const body = pem.split('\n').slice(1, -2).join('');
  const id = letters(
    seeded(Number.parseInt(body.slice(100, 108), 36) || 1),
    '0123456789abcdef',
    40,
  );
  const account = {
    type: 'service_account',
    project_id: 'acme-training-prod',
    private_key_id: id,
    private_key: pem,
    client_email: 'trainer@acme-training-prod.iam.gserviceaccount.com',
    client_id: '104857600104857600104',
    auth_uri: 'https://accounts.google.com/o/oauth2/auth',
    token_uri: 'https://oauth2.googleapis.com/token',
    auth_provider_x509_cert_url: 'https://www.googleapis.com/oauth2/v1/certs',
    client_x509_cert_url:
      'https://www.googleapis.com/robot/v1/metadata/x509/trainer%40acme-training-prod.iam.gserviceaccount.com',
    universe_domain: 'googleapis.com',
  };
  // the head of every RSA key of this size is the same
  const key: Value = { name: 'gcpKey', text: pem, secret: body.slice(52), limit: 8 };
  const keyId: Value = { name: 'gcpKeyId', text: id, secret: id, limit: 11 };
  return { pem, account, json: JSON.stringify(account, null, 2), key, keyId };
}
