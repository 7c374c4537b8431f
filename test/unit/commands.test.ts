import { spawn } from 'node:child_process';
import { afterAll, expect, test } from 'vitest';
import type { ManagedProcess } from '../../src/supervisor/process/table.ts';
import { type Command, Commands } from '../../src/supervisor/session/commands.ts';

const sleeper = spawn('sleep', ['600'], { detached: true });
afterAll(() => void sleeper.kill());

function commandOf(pid: number | undefined, told: Pick<ManagedProcess, 'status' | 'leads'>) {
  const process = { pid, ...told, released: new Promise(() => undefined) };
  return { process, authorized: [], searchPath: '', capability: undefined } as unknown as Command;
}

test.each([
  { says: 'that runs', status: undefined, leads: true, isPart: true },
  { says: 'that has ended, and left it running', status: {}, leads: true, isPart: true },
  { says: 'that has ended, and whose number it got', status: {}, leads: false, isPart: false },
])('a process with the number of a command $says', ({ status, leads, isPart }) => {
  const commands = new Commands();
  const ended = status && { exitCode: 0, signal: null };
  const command = commandOf(sleeper.pid, { status: ended, leads });
  commands.add(command, [], true);
  expect(commands.of(sleeper.pid ?? 0)).toBe(isPart ? command : undefined);
});
