import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cleanEnv, synsc, TestSession } from '../support/session.ts';

const value = 'hf_EXAMPLEonlyNotARealTokenAbCdEf012345';
let place: string;
let session: TestSession;

beforeAll(async () => {
  place = mkdtempSync(path.join(tmpdir(), 'hostile-'));
  session = new TestSession({ env: { HF_TOKEN: value } });
  await session.call('ping');
});
afterAll(async () => {
  await session.close();
  rmSync(place, { recursive: true, force: true });
});

const alive = (mark: string) =>
  readdirSync('/proc').filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').includes(mark);
    } catch {
      return false; // no process, or gone
    }
  });

describe('no answer repeats a value', () => {
  test.each([
    { method: 'explain', params: { argv: [`/tmp/x/${value}`] } },
    { method: 'explain', params: { command: `${value} a; b` } },
    { method: 'spawn', params: { argv: [value] } },
    { method: 'spawn', params: { argv: ['ls'], cwd: `/${value.repeat(20)}` } },
    { method: 'spawn', params: { argv: ['ls'], env: { [value]: 5 } } },
    { method: 'authorization.request', params: { argv: ['ls'], names: [value] } },
    { method: 'wait', params: { processId: value } },
  ])('$method $params', async ({ method, params }) => {
    expect(JSON.stringify(await session.ask(method, params))).not.toContain(value);
    expect(session.stderr).not.toContain(value);
  });

  test('nor does the command line', () => {
    const run = (...args: string[]) =>
      spawnSync(synsc, args, {
        env: cleanEnv({ HF_TOKEN: value, XDG_RUNTIME_DIR: place }),
        encoding: 'utf8',
      });
    for (const { stdout, stderr } of [
      run('launch', '--no-sync', '--', value),
      run('explain', '--', value),
      run('exec', '--no-sync', '--', value),
    ]) {
      expect(stdout + stderr).not.toContain(value);
      expect(stdout + stderr).toContain('[REDACTED]');
    }
  });
});

describe('the whole tree', () => {
  test.each([
    {
      says: 'an orphan that stayed in its session',
      command: '(sleep 7001.5 &); sleep 1000',
      mark: '7001.5',
    },
    {
      says: 'a child that ignores SIGTERM',
      command: 'bash -c \'trap "" TERM; sleep 7002.5; sleep 7002.5\' & wait',
      mark: '7002.5',
    },
  ])('kill reaches $says', async ({ command, mark }) => {
    const { processId } = await session.start({ command });
    await expect.poll(() => alive(mark)).not.toEqual([]);
    await session.call('kill', { processId });
    await session.call('wait', { processId });
    await expect.poll(() => alive(mark), { timeout: 5_000 }).toEqual([]);
  });

  test.each([
    { name: 'SIGTERM', mark: '7004.5' },
    { name: 'SIGKILL', mark: '7005.5' },
  ])('$name reaches what a command is just starting', async ({ name, mark }) => {
    const starting = `sleep ${mark} & sleep ${mark} & sleep ${mark} & sleep ${mark}`;
    for (let run = 0; run < 30; run += 1) {
      const { processId } = await session.start({ command: starting });
      // a little later in each run: none, some or all of them are there
      for (let asked = 0; asked < run % 10; asked += 1) await session.call('ping');
      await session.call('kill', { processId, signal: name });
      await session.call('wait', { processId });
    }
    await expect.poll(() => alive(mark), { timeout: 30_000 }).toEqual([]);
  });

  test('an exec that is killed takes its command with it', async () => {
    const line = `${synsc} exec -- sleep 7003.5 & echo "$!"; wait; sleep 600`;
    const child = spawn(synsc, ['launch', '--no-sync', '--', 'bash', '-c', line], {
      env: cleanEnv({ XDG_RUNTIME_DIR: place }),
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    let pid = '';
    child.stdout.on('data', (bytes: Buffer) => {
      pid += bytes.toString();
    });
    // the exec itself has that word too
    await expect.poll(() => alive('7003.5').length, { timeout: 30_000 }).toBeGreaterThan(1);
    process.kill(Number(pid), 'SIGKILL');
    await expect.poll(() => alive('7003.5'), { timeout: 30_000 }).toEqual([]);
    child.kill();
    await ended;
  }, 90_000);
});

describe('readers that do not read', () => {
  test('a slow one gets everything in order, also when the command has ended', () => {
    const line = `${synsc} launch --no-sync -- seq 1 60000 | (sleep 2; cat) | cmp - <(seq 1 60000) && echo same`;
    const { stdout } = spawnSync('bash', ['-c', line], {
      env: cleanEnv({ XDG_RUNTIME_DIR: place }),
      encoding: 'utf8',
    });
    expect(stdout).toBe('same\n');
  });

  test('a viewer that stops does not stop the command', async () => {
    const line = `import json, os, socket, sys, time
def client():
    s = socket.socket(socket.AF_UNIX); s.connect(os.environ["SYNSC_SOCKET"]); return s, s.makefile()
def call(s, f, method, **params):
    s.sendall(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode() + b"\\n")
    while True:
        answer = json.loads(f.readline())
        if "id" in answer: return answer["result"]
owner, lines = client()
process = call(owner, lines, "spawn", command="yes", background=True)["processId"]
viewer, _ = client()
viewer.sendall(json.dumps({"jsonrpc": "2.0", "id": 2, "method": "attach", "params": {"processId": process}}).encode() + b"\\n")
time.sleep(1)
size, end = 0, time.time() + 1
while time.time() < end: size += len(lines.readline())
print(size > 1000000)
call(owner, lines, "kill", processId=process, signal="SIGKILL")
`;
    writeFileSync(path.join(place, 'viewer.py'), line);
    const { stdout, stderr } = spawnSync(
      synsc,
      ['launch', '--no-sync', '--', 'python3', path.join(place, 'viewer.py')],
      {
        env: cleanEnv({ XDG_RUNTIME_DIR: place }),
        encoding: 'utf8',
      },
    );
    expect(stderr).toBe('');
    expect(stdout).toBe('True\n');
  });
});

test('starts that fail leave no descriptor open and say what is wrong', async () => {
  const [{ pid } = {}] = session.events() as { pid?: number }[];
  const open = () => readdirSync(`/proc/${pid}/fd`).length;
  const before = open();
  for (let run = 0; run < 20; run += 1) {
    for (const tty of [undefined, { columns: 80, rows: 24 }]) {
      const argv = ['/bin/echo', 'x'.repeat(200_000)];
      const { error } = await session.ask('spawn', { argv, ...(tty && { tty }) });
      expect(error).toMatchObject({ data: { code: 'LIMIT' } });
    }
  }
  await expect.poll(open).toBeLessThanOrEqual(before + 2);
});

test('a command that changed to another user ends no session badly (needs root and setpriv)', async () => {
  if (process.getuid?.() !== 0) return;
  const home = path.join(place, 'user');
  mkdirSync(home, { mode: 0o700 });
  spawnSync('chown', ['65534:65534', home]);
  spawnSync('chmod', ['755', place]);
  const helper = path.join(place, 'become-root.c');
  writeFileSync(
    helper,
    '#include <unistd.h>\nint main(void){setresuid(0,0,0);sleep(8);return 0;}\n',
  );
  const binary = path.join(place, 'become-root');
  if (spawnSync('gcc', ['-o', binary, helper]).status !== 0) return; // no compiler here
  spawnSync('chmod', ['4755', binary]);
  const { status, stderr } = spawnSync(
    'setpriv',
    [
      '--reuid',
      '65534',
      '--regid',
      '65534',
      '--clear-groups',
      synsc,
      'launch',
      '--no-sync',
      '--',
      'bash',
      '-c',
      `${binary} & sleep 0.5`,
    ],
    {
      env: cleanEnv({ XDG_RUNTIME_DIR: home, HOME: home, TMPDIR: home }),
      encoding: 'utf8',
      timeout: 20_000,
    },
  );
  expect([status, stderr]).toEqual([0, '']);
  expect(existsSync(path.join(home, 'synsc')) ? readdirSync(path.join(home, 'synsc')) : []).toEqual(
    [],
  );
}, 30_000);

describe('text', () => {
  test('a character that never ends is shown as such', async () => {
    const { processId } = await session.start({ command: "printf 'a\\xe2\\x82'" });
    expect(await session.output(processId)).toBe('a\ufffd');
  });

  test('every variable of the request arrives', async () => {
    const { stdout } = await session.run({ argv: ['env'], env: { l: 'kept', n: '1' } });
    expect(stdout).toMatch(/^l=kept$/m);
  });
});

describe('usage', () => {
  const run = (...args: string[]) =>
    spawnSync(synsc, args, { env: cleanEnv({ XDG_RUNTIME_DIR: place }), encoding: 'utf8' });

  test('an unknown flag or command is said in our form, with a suggestion', () => {
    expect(run('exce')).toMatchObject({
      status: 2,
      stderr: "synsc: unknown command 'exce'\nhint: Did you mean exec?\n",
    });
    const { status, stdout } = run('exec', '--json', '--bogus');
    expect(status).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'USAGE' } });
  });

  test("--json of the command is the command's", () => {
    const { stdout, stderr } = run('exec', '--no-sync', 'no-such-command', '--json');
    expect(stdout).toBe('');
    expect(stderr).toContain('synsc: no-such-command: command not found');
  });

  test('outside a session nobody can approve', () => {
    const { status, stderr } = run('exec', '--no-sync', '--authorize', 'HF_TOKEN', '--', 'env');
    expect(status).toBe(4);
    expect(stderr).toContain('synsc launch');
  });

  test('a signal to exec reaches the command, whose own code counts', async () => {
    const script = 'trap "echo got; exit 7" TERM; echo ready; while :; do sleep 0.1; done';
    const child = spawn(synsc, ['exec', '--no-sync', '-c', script], {
      env: cleanEnv({ XDG_RUNTIME_DIR: place }),
    });
    child.stdout.on('data', (bytes: Buffer) => {
      if (bytes.toString().includes('ready')) child.kill('SIGTERM');
    });
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(7);
  });
});

test('a client may take its time before the first request', async () => {
  // the session's own agent, connected since the start, has that role
  await new Promise((resolve) => setTimeout(resolve, 100));
  const [{ socket: address } = {}] = session.events() as { socket?: string }[];
  const outside: Socket = connect(String(address));
  await new Promise((resolve) => outside.once('close', resolve)); // an outsider may not
  expect(await session.call('ping')).toMatchObject({ role: 'client' });
}, 15_000);
