import { checkPrimeSync, createPrivateKey, type KeyObject } from 'node:crypto';

const exponent = 65_537n;

/** An RSA key of 2,048 bits that is the same for the same numbers: a test is to meet no other one each time. */
export function seededKey(random: () => number): KeyObject {
  const [p, q] = [primeOf(random), primeOf(random)];
  const d = inverse(exponent, (p - 1n) * (q - 1n));
  const parts = {
    n: p * q,
    e: exponent,
    d,
    p,
    q,
    dp: d % (p - 1n),
    dq: d % (q - 1n),
    qi: inverse(q, p),
  };
  const texts = Object.entries(parts).map(([name, number]) => [name, base64url(number)]);
  return createPrivateKey({ key: { kty: 'RSA', ...Object.fromEntries(texts) }, format: 'jwk' });
}

/** Of 1,024 bits, the first two of them set, as the product has to have 2,048. */
function primeOf(random: () => number): bigint {
  const bytes = Buffer.from(Array.from({ length: 128 }, () => Math.floor(random() * 256)));
  let candidate = BigInt(`0x${bytes.toString('hex')}`) | (3n << 1022n) | 1n;
  while ((candidate - 1n) % exponent === 0n || !checkPrimeSync(candidate)) candidate += 2n;
  return candidate;
}

/** By the extended algorithm of Euclid. */
function inverse(of: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [of, modulus, 1n, 0n];
  while (b > 0n) {
    const times = a / b;
    [a, b, x, y] = [b, a % b, y, x - times * y];
  }
  return ((x % modulus) + modulus) % modulus;
}

function base64url(number: bigint): string {
  const digits = number.toString(16);
  return Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex').toString(
    'base64url',
  );
}
