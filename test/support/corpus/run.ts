import { mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import headless from '@xterm/headless';
import type { Write } from './deliveries.ts';
import type { OpenSession } from './session.ts';

const player = path.join(import.meta.dirname, 'play.pl');

const columns = 80;
const rows = 24;

/** Plays a recording as a command of the session; all that comes back, in order. */
export function play(
  session: OpenSession,
  writes: readonly Write[],
  mode: 'pipe' | 'tty',
): Promise<Buffer> {
  const file = path.join(mkdtempSync(path.join(session.directory, 'p-')), 'recording');
  writeFileSync(file, recording(writes));
  return runProgram(session, ['perl', player, file], mode);
}

function recording(writes: readonly Write[]): Buffer {
  return Buffer.concat(
    writes.flatMap(({ wait, descriptor, bytes }) => [
      Buffer.from(`${wait} ${descriptor} ${bytes.length}\n`),
      bytes,
    ]),
  );
}

/** Runs a command of the session; all that comes back, in order. */
async function runProgram(
  { client }: OpenSession,
  argv: string[],
  mode: 'pipe' | 'tty',
): Promise<Buffer> {
  const { processId } = (await client.call('spawn', {
    ...{ argv, background: true, stream: true },
    ...(mode === 'tty' && { tty: { columns, rows } }),
  })) as { processId: string };
  const pieces: Buffer[] = [];
  const onOutput = (_: string, bytes: Buffer) => pieces.push(bytes);
  const stream = await client.stream(processId, { onOutput });
  await stream.exited;
  await client.call('release', { processId });
  return Buffer.concat(pieces);
}

interface Screen {
  readonly rows: readonly string[];
  /** One entry a cell: its characters, width and colours. */
  readonly cells: readonly string[];
  readonly cursor: string;
}

/** What a terminal of that size shows after these bytes. */
export async function screenOf(bytes: Buffer): Promise<Screen> {
  const terminal = new headless.Terminal({
    cols: columns,
    rows,
    scrollback: 500,
    logLevel: 'off',
    allowProposedApi: true,
  });
  await new Promise<void>((resolve) => terminal.write(bytes, resolve));
  const buffer = terminal.buffer.active;
  const texts: string[] = [];
  const cells: string[] = [];
  for (let at = 0; at < buffer.length; at++) {
    const line = buffer.getLine(at);
    texts.push(line?.translateToString(false) ?? '');
    for (let column = 0; column < columns; column++) {
      const cell = line?.getCell(column);
      const style = [
        cell?.getFgColor(),
        cell?.getBgColor(),
        cell?.isBold(),
        cell?.isInverse(),
        cell?.isUnderline(),
      ];
      cells.push(`${cell?.getChars() || ' '}|${cell?.getWidth()}|${style.join()}`);
    }
  }
  const cursor = `${buffer.baseY + buffer.cursorY}:${buffer.cursorX}`;
  terminal.dispose();
  return { rows: texts, cells, cursor };
}
