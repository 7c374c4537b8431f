import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addKey, readKey, removeKey } from '../../src/platform/keyring.ts';
import { cleanEnv, synsc, TestSession } from '../support/session.ts';

let session: TestSession;
beforeAll(async () => {
  session = new TestSession({ env: { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/run/bus' } });
  await session.call('ping');
});
afterAll(() => session.close());

const run = async (program: string, ...args: string[]) =>
  (await session.run({ argv: [program, ...args] })).stdout;

describe('a command of the session', () => {
  test('inherits no descriptor but the standard three', async () => {
    // the fourth is the directory that ls itself reads
    expect((await run('ls', '/proc/self/fd')).split('\n').filter(Boolean)).toEqual([
      '0',
      '1',
      '2',
      '3',
    ]);
  });

  test('is in a session of its own without a terminal, and can type into none', async () => {
    const script = `
      my ($sid, $tty) = (split / /, (split /\\) /, do { local (@ARGV, $/) = "/proc/self/stat"; <> })[1])[3, 4];
      print $sid == $$ ? "own" : "shared", " $tty ";
      print open(my $t, '+<', '/dev/tty') ? "opened" : "none";`;
    expect(await run('perl', '-e', script)).toBe('own 0 none');
  });

  test.each<[says: string, head: string, code: number, stdout: string]>([
    ['a script without its first line is run by a shell', 'echo it ran\n', 0, 'it ran\n'],
    ['a script whose interpreter is missing is not found', '#!/nonexistent/interpreter\n', 127, ''],
    ['a program for no machine is not executable', '\x7fELFnothing', 126, ''],
  ])('%s', async (says, head, code, stdout) => {
    const file = path.join(session.runtime, says.replaceAll(' ', '-'));
    writeFileSync(file, head, { mode: 0o755 });
    expect(await session.run({ argv: [file] })).toMatchObject({ exitCode: code, stdout });
    rmSync(file);
  });

  const terminal = { columns: 80, rows: 24 };
  test.each([
    { says: 'on pipes', tty: undefined },
    { says: 'in a terminal', tty: terminal },
  ])('$says begins with no signal ignored or blocked', async ({ tty }) => {
    const argv = ['grep', '-E', 'Sig(Blk|Ign)', '/proc/self/status'];
    const { stdout } = await session.run({ argv, ...(tty && { tty }) });
    expect(stdout.match(/\w+:\t\w+/g)).toEqual(
      ['SigBlk:\t', 'SigIgn:\t'].map((name) => name + '0'.repeat(16)),
    );
  });

  test.each([
    [9, 'SIGKILL'],
    [10, 'SIGUSR1'],
    [34, 'SIGRTMIN'],
    [64, 'SIGRTMIN+30'],
  ])('that signal %i ended says so, on pipes and in a terminal', async (number, signal) => {
    const argv = ['perl', '-e', `kill ${number}, $$; sleep 60`];
    for (const tty of [undefined, terminal]) {
      const ended = await session.run({ argv, ...(tty && { tty }) });
      expect(ended).toMatchObject({ exitCode: null, signal });
    }
  });

  test('in a terminal has one of its own', async () => {
    const seen = await Promise.all(
      [1, 2, 3].map(() => session.run({ argv: ['sh', '-c', 'tty; sleep 1'], tty: terminal })),
    );
    expect(new Set(seen.map(({ stdout }) => /^\/dev\/pts\/\d+/.exec(stdout)?.[0])).size).toBe(3);
  });

  test('is told no way to the session bus, where the keychain is', async () => {
    expect(await run('sh', '-c', 'echo "<$DBUS_SESSION_BUS_ADDRESS>"')).toBe('<>\n');
    const usual = path.join(session.runtime, 'bus');
    writeFileSync(usual, '');
    expect(await run('sh', '-c', 'echo "<$DBUS_SESSION_BUS_ADDRESS>"')).toBe('<disabled:>\n');
    rmSync(usual);
  });

  test("can't read a key that this user keeps in the kernel", async () => {
    const name = `synsc:test:children:${process.pid}`;
    if (!addKey(name, Buffer.from('value'))) return; // no kernel keyring on this machine
    const script = `
      my $call = { x86_64 => 250, aarch64 => 219 }->{(split ' ', \`uname -m\`)[0]};
      my ($type, $name, $value) = ('user', $ARGV[0], "\\0" x 100);
      my $key = syscall($call, 10, -4, $type, $name, 0);
      print syscall($call, 11, $key, $value, 100) > 0 ? "read" : "refused";`;
    const stdout = await run('perl', '-e', script, name);
    expect(readKey(name)?.toString()).toBe('value');
    removeKey(name);
    expect(stdout).toBe('refused');
  });
});

test('the exit code of `exec` and of `launch` is 128 and the signal, of real-time signals too', () => {
  const text = `${synsc} exec -- perl -e 'kill 35, $$; sleep 60'; echo "$?"; exec perl -e 'kill 36, $$; sleep 60'`;
  const { stdout, status } = spawnSync(synsc, ['launch', '--no-sync', '--', 'sh', '-c', text], {
    env: cleanEnv({ XDG_RUNTIME_DIR: session.runtime }),
    encoding: 'utf8',
  });
  expect({ stdout, status }).toEqual({ stdout: '163\n', status: 164 });
});

test('every variable of the shell that launched it arrives, whatever its name', async () => {
  const env = { 'a.b': '1', 'x-y': '2', IFS: 'x', 'BASH_FUNC_greet%%': '() {  echo hello\n}' };
  const own = new TestSession({ env: { ...env, PWD: '/nowhere' } });
  const script = 'greet; printenv a.b x-y; pwd; printenv PWD';
  for (const tty of [undefined, { columns: 80, rows: 24 }]) {
    const { stdout } = await own.run({ argv: ['bash', '-c', script], ...(tty && { tty }) });
    expect(stdout.replaceAll('\r', '')).toBe(`hello\n1\n2\n${own.runtime}\n${own.runtime}\n`);
  }
  await own.close();
});

describe('nothing of the output is lost', () => {
  const bytes = 20_000;
  const argv = ['perl', '-e', `print "x" x ${bytes}`];
  test.each([
    { says: 'on pipes', tty: undefined },
    { says: 'in a terminal', tty: { columns: 80, rows: 24 } },
  ])(
    '$says',
    async ({ tty }) => {
      for (let round = 0; round < 5; round += 1) {
        const runs = Array.from({ length: 10 }, () => session.run({ argv, ...(tty && { tty }) }));
        for (const { stdout } of await Promise.all(runs)) expect(stdout).toHaveLength(bytes);
      }
    },
    120_000,
  );

  test('also of what runs on when the command has ended', async () => {
    const { processId } = await session.start({ command: '(sleep 0.5; echo late) & echo early' });
    await session.call('wait', { processId });
    const text = async () =>
      (await session.call<{ data: string }>('output', { processId, fromOffset: 0 })).data;
    await expect.poll(text, { timeout: 20_000 }).toBe('early\nlate\n');
  });
});

test('a few hundred commands leave no descriptor, thread or process behind', async () => {
  const [{ pid } = {}] = session.events() as { pid?: number }[];
  const count = (what: string) => readdirSync(`/proc/${pid}/${what}`).length;
  const children = () =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').length;
  const burst = async (size: number) => {
    for (let done = 0; done < size; done += 20) {
      const runs = Array.from({ length: 20 }, (_, at) =>
        session.run({ argv: ['true'], ...(at % 2 === 0 && { tty: { columns: 80, rows: 24 } }) }),
      );
      await Promise.all(runs);
    }
  };
  await burst(40);
  const before = { fd: count('fd'), task: count('task'), children: children() };
  await burst(260);
  await expect.poll(() => count('fd'), { timeout: 20_000 }).toBeLessThanOrEqual(before.fd);
  expect(count('task')).toBeLessThanOrEqual(before.task);
  await expect.poll(children, { timeout: 20_000 }).toBeLessThanOrEqual(before.children);
}, 120_000);
