import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { everyByte, recorder, run, TOKEN, tableOf } from './support.ts';

const PAUSE = 60;

/** Longer than anything is held; where both times came due at once, what was held goes first. */
async function pause(): Promise<void> {
  await sleep(PAUSE);
  await new Promise((resolve) => setImmediate(resolve));
}

describe('what leaves when', () => {
  test.each(['Password: ', 'done\n', '>>> ', 'really?', 'hf_FakeAbC '])(
    '%j leaves at once',
    (prompt) => {
      const { stream, text } = recorder(tableOf(TOKEN));
      stream.write(Buffer.from(prompt));
      expect(text()).toBe(prompt);
    },
  );

  test('a tail of token characters leaves after a moment, without an end or a newline', async () => {
    const { stream, text } = recorder(tableOf(TOKEN));
    stream.write(Buffer.from('name'));
    expect(text()).toBe('');
    await pause();
    expect(text()).toBe('name');
  });

  test('in a terminal no part of a character leaves before its rest, so that a mask has its cells', async () => {
    const password = 'pässwörd–日本語–x';
    const bytes = Buffer.from(`${password}\n`);
    const cut = Buffer.from('pässwörd–日').length + 1;
    const { stream, text } = recorder(tableOf(password), 'tty');
    stream.write(bytes.subarray(0, cut));
    await pause();
    expect(text()).toBe('pässwörd–日');
    stream.write(bytes.subarray(cut));
    stream.end();
    expect(text()).toBe('pässwörd–日******\n');
  });

  test('part of a character leaves in a pipe after a moment, in a terminal with the end', async () => {
    const part = Buffer.from('x日').subarray(0, 3);
    const [pipe, terminal] = (['pipe', 'tty'] as const).map((mode) =>
      recorder(tableOf('pass wörd–日'), mode),
    );
    for (const one of [pipe, terminal]) one?.stream.write(part);
    await pause();
    expect(pipe?.bytes()).toEqual(part);
    expect(terminal?.text()).toBe('x');
    terminal?.stream.end();
    expect(terminal?.bytes()).toEqual(part);
  });

  test.each([
    ['hf_', 'xx_'],
    ['hf_FakeAb', 'hf_Fakexx'],
    [`x ${TOKEN.slice(0, 30)}`, `x ${TOKEN.slice(0, 29)}!`.replace('!', 'x')],
  ])('%j and its foreign twin %j hold back the same bytes', (own, twin) => {
    const first = recorder(tableOf(TOKEN));
    const second = recorder(tableOf(TOKEN));
    first.stream.write(Buffer.from(own));
    second.stream.write(Buffer.from(twin));
    expect(first.bytes()).toHaveLength(second.bytes().length);
    first.stream.end();
    second.stream.end();
  });

  test('a pause inside an escape sequence of a value: the sequence stays in one piece', async () => {
    const { stream, text } = recorder(tableOf(TOKEN));
    const colour = '\u001b[31m';
    const coloured = [...TOKEN].map((letter) => `${colour}${letter}`).join('');
    const cut = 8 * (colour.length + 1) + 2;
    stream.write(Buffer.from(coloured.slice(0, cut)));
    await pause();
    stream.write(Buffer.from(`${coloured.slice(cut)}\n`));
    stream.end();
    const shown = coloured.slice(0, cut + colour.length - 2);
    expect(text()).toBe(`${shown}[REDACTED]${colour.repeat(TOKEN.length - 9)}\n`);
  });

  test('dots that come one by one leave while they come', async () => {
    const { stream, text } = recorder(tableOf(TOKEN));
    for (let dot = 0; dot < 60 && text() === ''; dot += 1) {
      stream.write(Buffer.from('.'));
      await sleep(2);
    }
    expect(text()).toMatch(/^\.+$/);
    expect(text().length).toBeLessThan(60);
  });

  test('a pause inside a value: masked, and the rest swallowed', async () => {
    const { stream, text, hits } = recorder(tableOf(TOKEN));
    stream.write(Buffer.from(`a ${TOKEN.slice(0, 15)}`));
    await pause();
    expect(text()).toBe('a [REDACTED]');
    stream.write(Buffer.from(TOKEN.slice(15, 20)));
    await pause();
    stream.write(Buffer.from(`${TOKEN.slice(20)} b\n`));
    expect(text()).toBe('a [REDACTED] b\n');
    expect(hits).toEqual(['V0']);
  });

  test('a reader that was kept from running takes what has come meanwhile first', async () => {
    const { stream, text } = recorder(tableOf(TOKEN));
    const written = path.join(mkdtempSync(path.join(tmpdir(), 'hold-')), 'written');
    const [first, second] = [`a ${TOKEN.slice(0, 9)}`, `${TOKEN.slice(9)} b`];
    const writer = spawn('sh', [
      ...['-c', 'printf %s "$1"; read go; echo "$2"; : > "$3"; read go', 'sh'],
      ...[first, second, written],
    ]);
    writer.stdout.on('data', (bytes) => void stream.write(bytes));
    await once(writer.stdout, 'data');
    writer.stdin.write('go\n');
    const standStill = (milliseconds: number) =>
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
    for (let left = 4000; left > 0 && !existsSync(written); left -= 1) standStill(5);
    standStill(PAUSE);
    await expect.poll(text, { timeout: 10_000 }).toContain('b\n');
    expect(text()).toBe('a [REDACTED] b\n');
    writer.stdin.end();
  });

  test('a value typed slowly shows its public prefix and at most seven characters', async () => {
    const { stream, text } = recorder(tableOf(TOKEN));
    for (const letter of TOKEN.slice(0, 14)) {
      stream.write(Buffer.from(letter));
      await pause();
    }
    stream.write(Buffer.from(TOKEN.slice(14)));
    stream.end();
    expect(text()).toBe(`${TOKEN.slice(0, 10)}[REDACTED]`);
  });

  test('a value with blanks is held across chunks', async () => {
    const { stream, text } = recorder(tableOf('a fake pass phrase'));
    stream.write(Buffer.from('say a fake '));
    stream.write(Buffer.from('pass phrase now'));
    await pause();
    expect(text()).toBe('say [REDACTED] now');
  });

  test('a tail that begins a value is masked at the end', () => {
    expect(run(tableOf(TOKEN), Buffer.from(`x ${TOKEN.slice(0, 12)}`)).text()).toBe('x [REDACTED]');
    expect(run(tableOf(TOKEN), Buffer.from(`x ${TOKEN.slice(0, 10)}`)).text()).toBe(
      `x ${TOKEN.slice(0, 10)}`,
    );
  });
});

describe('width on a terminal', () => {
  test.each([
    [TOKEN, `[REDACTED]${' '.repeat(TOKEN.length - 10)}`],
    ['sixsix', '******'],
    ['pässwörd', '********'],
    ['tencells10', '[REDACTED]'],
  ])('%s keeps its cells', (value, shown) => {
    const table = tableOf(value);
    const bytes = Buffer.from(`| ${value} |\r\n`);
    expect(run(table, bytes, [], 'tty').text()).toBe(`| ${shown} |\r\n`);
    expect(run(table, bytes, everyByte(bytes), 'tty').text()).toBe(`| ${shown} |\r\n`);
  });
});
