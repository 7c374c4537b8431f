import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { deflateSync, gzipSync } from 'node:zlib';
import { base62, digits, letters, lower, makeValues, seeded, upper } from './values.ts';

/** A stream without any value: it has to come back as it went in. */
export interface Clean {
  readonly says: string;
  readonly bytes: Buffer;
}

const hexDigits = '0123456789abcdef';

/** Output that only looks as if there were a value in it. */
export function makeClean(
  seed: number,
  account: Readonly<Record<string, string>>,
  pem: string,
): Clean[] {
  const random = seeded(seed + 1);
  const own = makeValues(seed);
  const some = (alphabet: string, length: number) => letters(random, alphabet, length);
  const number = (below: number) => Math.floor(random() * below);
  const repeat = (times: number, line: (at: number) => string) =>
    Array.from({ length: times }, (_, at) => line(at)).join('');
  const cases: Clean[] = [];
  const add = (says: string, bytes: string | Buffer) => {
    cases.push({ says: `clean ${cases.length} ${says}`, bytes: Buffer.from(bytes as string) });
  };

  // what others' values look like
  const foreign: Record<string, () => string> = {
    'hugging face tokens': () => `hf_${some(base62, 34)}`,
    'w&b keys': () => some(hexDigits, 40),
    'w&b keys of the new kind': () => `wandb_v1_${some(base62, 77)}`,
    'modal ids': () => `ak-${some(base62, 22)}`,
    'modal secrets': () => `as-${some(base62, 22)}`,
    'lambda keys': () => `secret_synsc_${some(hexDigits, 32)}.${some(base62, 32)}`,
    'aws ids': () => `AKIA${some(`${upper}234567`, 16)}`,
    'aws secrets': () => some(`${base62}/+`, 40),
    'session tokens': () => `IQoJb3JpZ2luX2VjE${some(`${base62}/+`, 330)}==`,
    'signed tokens': () =>
      `eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.${some(base62, 60)}.${some(base62, 43)}`,
    'commit hashes': () => createHash('sha1').update(some(base62, 9)).digest('hex'),
    'sha256 sums': () => createHash('sha256').update(some(base62, 9)).digest('hex'),
    uuids: () => some(hexDigits, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    'base64 of noise': () => Buffer.from(some(base62, 48)).toString('base64'),
    urls: () =>
      `https://example.com/${some(lower, 8)}?q=${encodeURIComponent(some(`${base62}/+= &`, 12))}`,
    'passwords of others': () => some(`${base62}!$%&/()=?`, 14),
  };
  for (const [name, make] of Object.entries(foreign)) {
    add(
      `${name}, a list`,
      repeat(40, () => `${make()}\n`),
    );
    add(
      `${name}, in a log`,
      repeat(
        20,
        (at) => `2026-11-26T20:00:${at + 10}Z INFO got token=${make()} in ${number(99)} ms\n`,
      ),
    );
    add(
      `${name}, in colour`,
      repeat(20, () => `\x1b[32m${make()}\x1b[0m \x1b[1mok\x1b[m\n`),
    );
    add(
      `${name}, in JSON`,
      JSON.stringify(
        Array.from({ length: 20 }, () => ({ token: make(), n: number(9) })),
        null,
        2,
      ),
    );
    add(
      `${name}, as base64`,
      repeat(10, () => `${Buffer.from(`user:${make()}`).toString('base64')}\n`),
    );
    add(
      `${name}, as hex`,
      repeat(10, () => `${Buffer.from(make()).toString('hex')}\n`),
    );
  }

  // near misses of the session's own values
  for (const value of Object.values(own)) {
    if (value.limit === 'whole') continue;
    const { text, secret } = value;
    const prefix = text.slice(0, text.length - secret.length);
    const broken = [...secret]
      .map((c, at) => (at % 6 === 5 ? (c === 'A' ? 'B' : 'A') : c))
      .join('');
    add(`${value.name} with every sixth character changed`, `x ${prefix}${broken} y\n`);
    if (prefix !== '')
      add(
        `the public prefix of ${value.name}`,
        `${prefix}\n${prefix}... ${prefix}*** "${prefix}" ${prefix}`,
      );
    add(
      `the last four of ${value.name}`,
      `••••${secret.slice(-4)} (updated)\n${prefix}…${secret.slice(-4)}\n`,
    );
    add(`the first five of ${value.name}`, `${prefix}${secret.slice(0, 5)}… is active\n`);
    add(
      `short pieces of ${value.name}`,
      `${secret.slice(3, 10)}\n-- \n${secret.slice(13, 20)} ${'.'.repeat(200)} ${secret.slice(-6)}#\n`,
    );
    add(
      `a mask of ${value.name}`,
      `${prefix}${'*'.repeat(secret.length)} ${prefix}${'x'.repeat(secret.length)}\n`,
    );
    add(`${value.name} backwards in pieces`, `${[...secret.slice(0, 7)].reverse().join('')}\n`);
  }
  for (const [name, field] of Object.entries(account)) {
    if (!/private/.test(name))
      add(`the public field ${name}`, `  "${name}": ${JSON.stringify(field)},\n${field}\n`);
  }
  add(
    'all public fields',
    JSON.stringify({ ...account, private_key: 'none', private_key_id: 'none' }, null, 2),
  );
  add(
    'the frame of a key',
    `-----BEGIN PRIVATE KEY-----\n${pem.split('\n')[1]?.slice(0, 36)}\n-----END PRIVATE KEY-----\n`,
  );
  for (let at = 0; at < 3; at++) {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const text = other.export({ type: 'pkcs8', format: 'pem' }).toString();
    add('a foreign RSA key', text);
    add(
      'a foreign RSA key in JSON',
      JSON.stringify({ type: 'service_account', private_key: text }),
    );
    add('a foreign RSA key, PKCS#1', other.export({ type: 'pkcs1', format: 'pem' }).toString());
    add('a foreign key in DER', other.export({ type: 'pkcs8', format: 'der' }));
    add('a foreign key as base64', Buffer.from(text).toString('base64'));
  }
  add(
    'a foreign EC key',
    generateKeyPairSync('ec', { namedCurve: 'P-256' })
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString(),
  );

  // words of a phrase, and other values of people
  add(
    'the words of a phrase apart',
    'a correct answer, said the horse: the battery is no staple\n',
  );
  add(
    'the words of a phrase, one missing',
    'correct horse battery stable\ncorrect  horse\ncorrect battery horse staple\n',
  );
  add(
    'the words of a phrase, other blanks',
    'correct, horse, battery, staple\nCorrect Horse Battery Staple\n',
  );
  add('a short value, nearly', 'Zq7!xk Zq7xK Zq7! xK. zQ7!XK Zq7!x\n');

  // binaries
  const noise = randomBytes(100_000);
  add('noise', noise);
  add('gzip', gzipSync(Buffer.from(repeat(5000, () => `${some(lower, 9)} `))));
  add(
    'png',
    Buffer.concat([
      Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
      Buffer.from('\0\0\0\rIHDR', 'latin1'),
      deflateSync(noise),
    ]),
  );
  add('utf-16', Buffer.from(`\ufeff${repeat(200, () => `${some(base62, 12)} é\n`)}`, 'utf16le'));
  add(
    'utf-16, big end first',
    Buffer.from(`\ufeff${repeat(200, () => `${some(base62, 12)} é\n`)}`, 'utf16le').swap16(),
  );
  add(
    'invalid utf-8',
    Buffer.concat([
      Buffer.from('a\xff\xfe\x80b\xc3(\xe2\x82', 'latin1'),
      Buffer.from('\xf0\x9f\x98', 'latin1'),
    ]),
  );
  add('nul', Buffer.alloc(5000));
  add(
    'nul between',
    repeat(500, () => `${some(base62, 5)}\0`),
  );
  add('every byte', Buffer.from(Array.from({ length: 4096 }, (_, at) => at & 255)));
  add(
    'every pair of controls',
    Buffer.from(
      Array.from({ length: 33 * 33 * 2 }, (_, at) =>
        at % 2 ? (at >> 1) % 33 : Math.floor(at / 66),
      ),
    ),
  );
  add(
    'elf',
    Buffer.concat([
      Buffer.from('\x7fELF\x02\x01\x01', 'latin1'),
      Buffer.alloc(9),
      noise.subarray(0, 5000),
    ]),
  );

  // terminals
  for (const [name, start] of Object.entries({
    OSC: '\x1b]0;',
    DCS: '\x1bP',
    APC: '\x1b_',
    CSI: '\x1b[12',
    ESC: '\x1b',
    'OSC 52': '\x1b]52;c;',
  })) {
    add(`an unterminated ${name}`, `before ${start}`);
    add(
      `an unterminated ${name} and much text`,
      `before ${start}${repeat(3000, () => `${some(base62, 20)}\n`)}`,
    );
  }
  add(
    'progress',
    repeat(
      200,
      (at) =>
        `\r${at / 2}%|${'█'.repeat(at % 20)}${' '.repeat(20 - (at % 20))}| ${some(digits, 3)} it/s`,
    ),
  );
  add(
    'colours',
    repeat(2000, (at) => `\x1b[38;5;${at % 256}m${some(base62, 3)}`),
  );
  add(
    'overstrike',
    repeat(1000, () => {
      const c = some(lower, 1);
      return `${c}\b${c}`;
    }),
  );
  add('backspaces', `${'\b'.repeat(3000)}x${'a\b'.repeat(3000)}`);
  add(
    'cursor moves',
    repeat(800, () => `\x1b[${1 + number(24)};${1 + number(80)}H${some(base62, 4)}`),
  );
  add(
    'wide characters',
    repeat(300, () => '日本語😀é — ✓ '),
  );
  add(
    'combining characters',
    repeat(300, () => 'e\u0301a\u0308 \u200d👨‍👩‍👧'),
  );

  // lines
  add('a line of a megabyte', some(base62, 1_000_000));
  add('empty', '');
  add('one byte', 'h');
  add('prefix at the end', 'h hf hf_');
  add('no last newline', 'Password: ');
  add(
    'crlf',
    repeat(100, () => `${some(lower, 12)}\r\n`),
  );
  add('many newlines', '\n'.repeat(5000));
  add('blanks', `${' '.repeat(3000)}\t${'\t'.repeat(300)}x`);
  add('one letter', 'a'.repeat(50_000));
  add('two letters', 'ab'.repeat(20_000));
  add('the prefix, again and again', 'hf_'.repeat(5000));
  add('hex digits', some(hexDigits, 50_000));
  add('quotes', `${`'"\\`.repeat(3000)}`);
  add('the marker', '[REDACTED] and ********** and [REDACTED][REDACTED]\n');
  add(
    'shell trace',
    repeat(200, (at) => `+ step_${at}='${some(`${base62}$\\"`, 20)}'\n`),
  );
  add(
    'lock file',
    repeat(100, () => `      "integrity": "sha512-${randomBytes(64).toString('base64')}",\n`),
  );
  add(
    'certificates',
    repeat(
      5,
      () =>
        `-----BEGIN CERTIFICATE-----\n${randomBytes(900).toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
    ),
  );
  add(
    'a hex dump',
    repeat(
      200,
      (at) =>
        `${(at * 16).toString(16).padStart(8, '0')}  ${randomBytes(16).toString('hex').replace(/../g, '$& ')} |${some(base62, 16)}|\n`,
    ),
  );
  return cases;
}
