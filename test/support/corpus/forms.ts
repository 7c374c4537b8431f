/** How programs write a value: each form gives text, as UTF-8 unless it says otherwise. */
export type Form = (text: string) => string;

const ascii = (text: string, change: (code: string, character: string) => string, which: RegExp) =>
  text.replace(which, (character) =>
    change(character.charCodeAt(0).toString(16).padStart(4, '0'), character),
  );
const base64 = (text: string) => Buffer.from(text).toString('base64');
const wrapped = (text: string, width: number, line = '\n') =>
  text.match(new RegExp(`.{1,${width}}`, 'gs'))?.join(line) ?? text;
const hex = (text: string) => Buffer.from(text).toString('hex');
const percent = (text: string, kept: RegExp) =>
  [...Buffer.from(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return byte < 128 && kept.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
const json = (text: string) => JSON.stringify(text).slice(1, -1);
const entities: Record<string, string> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot' };

/** Forms that keep the value readable in a line of text. */
export const inLine: Record<string, Form> = {
  raw: (text) => text,
  json,
  'json in json': (text) => json(json(text)),
  'json three times': (text) => json(json(json(text))),
  'json with slashes escaped': (text) => json(text).replaceAll('/', '\\/'),
  'json for html': (text) => ascii(json(text), (code) => `\\u${code}`, /[<>&'+=/]/g),
  'json in ascii': (text) => ascii(json(text), (code) => `\\u${code}`, /[^\x20-\x7e]/g),
  'json in ascii, capitals': (text) =>
    ascii(json(text), (code) => `\\u${code.toUpperCase()}`, /[^\x20-\x7e]|[+=]/g),
  'python repr': (text) => text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/'/g, "\\'"),
  'python bytes': (text) =>
    [...Buffer.from(text)]
      .map((byte) =>
        byte === 10
          ? '\\n'
          : byte === 92
            ? '\\\\'
            : byte < 32 || byte > 126
              ? `\\x${byte.toString(16).padStart(2, '0')}`
              : String.fromCharCode(byte),
      )
      .join(''),
  'octal for what is not ascii': (text) =>
    [...Buffer.from(text)]
      .map((byte) =>
        byte === 10
          ? '\\n'
          : byte < 32 || byte > 126
            ? `\\${byte.toString(8).padStart(3, '0')}`
            : String.fromCharCode(byte),
      )
      .join(''),
  'shell, single quotes': (text) => `'${text.replaceAll("'", "'\\''")}'`,
  'shell, other quotes': (text) => `'${text.replaceAll("'", `'"'"'`)}'`,
  'shell, double quotes': (text) => `"${text.replace(/[$`"\\]/g, '\\$&')}"`,
  'shell, printf %q': (text) =>
    text.replace(/[^A-Za-z0-9_.+/@%:,=^-]/gu, '\\$&').replaceAll('\\\n', "$'\\n'"),
  'shell, $ quotes': (text) => `$'${text.replace(/['\\]/g, '\\$&').replaceAll('\n', '\\n')}'`,
  'make, $$': (text) => text.replaceAll('$', '$$$$'),
  sql: (text) => text.replaceAll("'", "''"),
  csv: (text) => text.replaceAll('"', '""'),
  html: (text) =>
    text.replace(/[&<>"]/g, (character) => `&${entities[character]};`).replaceAll("'", '&#39;'),
  'html, hex': (text) =>
    text.replace(
      /[&<>"'/+=`]/g,
      (character) => `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`,
    ),
  'html, numbers': (text) =>
    text.replace(/[&<>"'/+=`]/g, (character) => `&#${character.charCodeAt(0)};`),
  percent: (text) => percent(text, /[A-Za-z0-9_.~-]/),
  'percent, small': (text) =>
    percent(text, /[A-Za-z0-9_.~-]/).replace(/%../g, (code) => code.toLowerCase()),
  'percent, component': (text) => encodeURIComponent(text),
  'percent, slash kept': (text) => percent(text, /[A-Za-z0-9_.~/-]/),
  'percent, form': (text) => new URLSearchParams({ k: text }).toString().slice(2),
  base64,
  'base64, no padding': (text) => base64(text).replace(/=+$/, ''),
  'base64, url': (text) => Buffer.from(text).toString('base64url'),
  'base64 with user': (text) => base64(`user:${text}`),
  'base64 with api': (text) => base64(`api:${text}`),
  'base64 with token': (text) => base64(`x-token-auth:${text}\n`),
  'base64 with line': (text) => base64(`${text}\n`),
  'base64 of json': (text) => base64(`{"k":"${text}","n":1}`),
  'base64 url of json': (text) => Buffer.from(`{"token":"${text}"}`).toString('base64url'),
  hex,
  'hex, capitals': (text) => hex(text).toUpperCase(),
};

/** Forms of several lines, and those that are no text. */
export const inLines: Record<string, Form> = {
  'base64 at 76': (text) => wrapped(base64(`${'some words before it '.repeat(2)}${text}`), 76),
  'base64 at 64, CRLF': (text) => wrapped(base64(`key=${text};`), 64, '\r\n'),
  'base64 at 20': (text) => wrapped(base64(text), 20),
  'base64 at 8': (text) => wrapped(base64(text), 8),
  'base64, indented': (text) => wrapped(base64(text), 30, '\n        '),
  'fold at 20': (text) => wrapped(text, 20),
  'fold at 8': (text) => wrapped(text, 8),
  'fold, CRLF and indented': (text) => wrapped(text, 15, '\r\n    '),
  'fold with a backslash': (text) => wrapped(text, 16, '\\\n  '),
  'one character a line': (text) => wrapped(text, 1),
  'blanks between': (text) => wrapped(text, 1, ' '),
  'hex at 32': (text) => wrapped(hex(text), 32),
  'hex in pairs': (text) => wrapped(hex(text), 2, ' '),
  'hex in words': (text) => wrapped(hex(text), 4, ' '),
  'python, lines joined': (text) => `('${wrapped(text, 24, "'\n '")}')`,
  'javascript, lines joined': (text) => `'${wrapped(text, 24, "' +\n  '")}'`,
  'mail, soft breaks': (text) => wrapped(text.replaceAll('=', '=3D'), 25, '=\r\n'),
};

/** UTF-16, both orders, as latin1 text. */
export const wide: Record<string, Form> = {
  'utf-16, little end first': (text) => Buffer.from(text, 'utf16le').toString('latin1'),
  'utf-16, big end first': (text) => Buffer.from(text, 'utf16le').swap16().toString('latin1'),
};
