import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** OWASP's scrypt setting with N = 2^16: 64 MiB and some 200 ms a hash. */
const cost = { N: 2 ** 16, r: 8, p: 1, maxmem: 160 * 2 ** 20 };
const salted = 16;

/** `scrypt$SALT$HASH`, both base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(salted);
  const hash = await derive(password, salt);
  return `scrypt$${salt.toString('base64url')}$${hash.toString('base64url')}`;
}

/** As slow for an unknown account (`stored` undefined) as for a wrong password. */
export async function passwordMatches(
  password: string,
  stored: string | undefined,
): Promise<boolean> {
  const [, salt = '', hash = ''] = stored?.split('$') ?? [];
  const expected = hash === '' ? randomBytes(32) : Buffer.from(hash, 'base64url');
  const actual = await derive(
    password,
    salt === '' ? randomBytes(salted) : Buffer.from(salt, 'base64url'),
  );
  return stored !== undefined && timingSafeEqual(actual, expected);
}

function derive(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, 32, cost, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}
