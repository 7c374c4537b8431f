import type { Value } from './values.ts';

/** What a reader of some output could read: this file shares nothing with the product. */

// biome-ignore-start lint/suspicious/noControlCharactersInRegex: it is about those
const strings =
  /(?:\x1b[\]PX^_]|\xc2[\x9d\x90\x98\x9e\x9f])([^\x07\x1b\x9c]*(?:\x1b\x1b[^\x07\x1b\x9c]*)*)(?:\x07|\x1b\\|\xc2\x9c|$)/g;
const sequences = /(?:\x1b\[|\xc2\x9b)[0-?]*[ -/]*[@-~]|\x1b[ -/]+[0-~]|\x1b[0-Z\\^-~]/g;
const glue = /[\x00-\x20\x7f'"\\]/g;
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: it is about those

function payloads(text: string): string[] {
  return [...text.matchAll(strings)].map((found) => found[1] ?? '');
}

function visible(text: string): string {
  return text.replace(strings, '').replace(sequences, '');
}

export function escapes(text: string): string[] {
  return text.replace(strings, '').match(sequences) ?? [];
}

/** Backspace goes back; a blank that was only there to make a terminal wrap goes with it. */
function erased(text: string): string {
  const kept: string[] = [];
  for (const character of text) {
    if (character !== '\b') kept.push(character);
    else {
      while (kept.at(-1) === ' ') kept.pop();
      kept.pop();
    }
  }
  return kept.join('');
}

const bare = (text: string) => text.replace(glue, '');

function base64(text: string): string[] {
  return (text.match(/[A-Za-z0-9+/_-]{8,}/g) ?? []).flatMap((run) =>
    [0, 1, 2, 3].map((skip) => Buffer.from(run.slice(skip), 'base64').toString('latin1')),
  );
}

function hex(text: string): string[] {
  return (text.match(/[0-9a-fA-F]{12,}/g) ?? []).flatMap((run) =>
    [0, 1].map((skip) => Buffer.from(run.slice(skip), 'hex').toString('latin1')),
  );
}

/** The columns of `xxd`, `hexdump -C`, `od` and `curl --trace`, each joined over its rows. */
function dumps(text: string): string[] {
  const rows = text
    .split(/\r?\n/)
    .map((line) => /^([0-9a-f]{4,})[: ]\s*(.*)$/i.exec(line.trim())?.[2] ?? '');
  const pairs = rows.map((row) =>
    (/^((?:[0-9a-f]{2,4} {0,2})+)/i.exec(row)?.[1] ?? '').replace(/ /g, ''),
  );
  const sides = rows.map((row) => /(?: {2,}|[|>])\|?(.*?)[|<]?$/.exec(row)?.[1] ?? '');
  const spread = rows.map((row) => row.replace(/ /g, ''));
  return [Buffer.from(pairs.join(''), 'hex').toString('latin1'), sides.join(''), spread.join('')];
}

const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text
    .replace(/\\u\{?([0-9a-fA-F]{4})\}?/g, (_, code) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    )
    .replace(/\\x([0-9a-fA-F]{2})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/\\([0-3][0-7]{2})/g, (_, code: string) =>
      String.fromCharCode(Number.parseInt(code, 8)),
    )
    .replace(/\\[nrt]/g, '')
    .replace(/\\(.)/g, '$1');
}

function decodings(text: string): string[] {
  const percent = text.replace(/%([0-9a-fA-F]{2})/g, (_, code) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
  const html = text
    .replace(/&#x([0-9a-fA-F]+);/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    .replace(/&(\w+);/g, (all, name) => named[name] ?? all);
  const mail = text
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16)));
  const once = unescaped(text);
  const twice = unescaped(once);
  return [
    percent,
    percent.replaceAll('+', ' '),
    html,
    mail,
    once,
    twice,
    unescaped(twice),
    text.replace(/\$\$/g, '$'),
  ];
}

/** Every way in which `output` could be read, and the rendered `screen` likewise. */
export function readings(output: Buffer, screen?: readonly string[]): string[] {
  const raw = output.toString('latin1');
  const shown = erased(visible(raw));
  const wide = Buffer.from(output.filter((byte) => byte !== 0)).toString('latin1');
  const first = [raw, shown, wide, ...payloads(raw), payloads(raw).join('')];
  if (screen !== undefined) {
    first.push(screen.join('\n'), screen.map((row) => row.trimEnd()).join(''), screen.join(''));
  }
  const second = first.flatMap((text) => [text, ...decodings(text), ...dumps(text)]);
  const third = second.flatMap((text) => [text, bare(text)]);
  return [...new Set(third.flatMap((text) => [text, ...base64(text), ...hex(text)]))].filter(
    (text) => text.length >= 6,
  );
}

/** The longest piece of the secret that may not be read and can be, or undefined. */
export function leak(value: Value, texts: readonly string[]): string | undefined {
  for (const secret of new Set([value.secret, Buffer.from(value.secret).toString('latin1')])) {
    if (value.limit === 'whole') {
      const forms = [secret, bare(secret)];
      if (texts.some((text) => forms.some((form) => text.includes(form)))) return secret;
      continue;
    }
    const { limit } = value;
    const inside = Math.max(12, limit);
    const pieces = [secret.slice(0, limit), secret.slice(-limit)];
    const step = secret.length > 500 ? 4 : 1;
    for (let at = 0; at + inside <= secret.length; at += step)
      pieces.push(secret.slice(at, at + inside));
    for (const piece of pieces) {
      if (texts.some((text) => text.includes(piece))) return piece;
    }
  }
  return undefined;
}
