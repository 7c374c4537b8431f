import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claim } from '../support/claim.ts';
import { cleanEnv, stubTool, synsc, TestSession } from '../support/session.ts';

const own = {
  HF_TOKEN: 'hf_EXAMPLEonlyNotARealTokenAbCdEf012345',
  WANDB_API_KEY: 'example0123456789example0123456789example0',
  MODAL_TOKEN_ID: 'ak-EXAMPLEonlyNotReal01',
  MODAL_TOKEN_SECRET: 'as-EXAMPLEonlyNotReal02',
  LAMBDA_API_KEY: 'secret_example_EXAMPLEonlyNotReal03',
  AWS_ACCESS_KEY_ID: 'AKIAEXAMPLEONLY23456',
  AWS_SECRET_ACCESS_KEY: 'EXAMPLEonlyNotARealSecretKey/0123456789+',
};
const values = Object.values(own);

let session: TestSession;
let tools: string;

beforeAll(() => {
  tools = mkdtempSync(path.join(tmpdir(), 'tools-'));
  for (const name of ['aws', 'modal', 'lambda-cloud', 'git', 'curl', 'wandb', 'hf', 'unheard-of']) {
    stubTool(tools, name);
  }
  session = new TestSession({
    env: { ...own, SYNSC_TOKEN: 'synsc_notUsed', PATH: `${tools}:${process.env.PATH ?? ''}` },
  });
});
afterAll(async () => {
  await session.close();
  rmSync(tools, { recursive: true, force: true });
});

function namesIn(stdout: string): string[] {
  return stdout.split('\n').flatMap((line) => line.split('=')[0] || []);
}

describe('what a real command finds in its environment', () => {
  test.each([
    { argv: ['git', 'status'], names: [] },
    { argv: ['curl', '-v', 'https://example.com'], names: [] },
    { argv: ['unheard-of'], names: [] },
    { argv: ['modal', 'run', 'app.py'], names: ['MODAL_TOKEN_ID', 'MODAL_TOKEN_SECRET'] },
    {
      argv: ['lambda-cloud', 'ls'],
      names: ['LAMBDA_API_KEY', 'LAMBDA_API_TOKEN', 'LAMBDA_CLOUD_API_TOKEN'],
    },
    { argv: ['aws', 's3', 'ls'], names: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] },
    { argv: ['wandb', 'status'], names: ['WANDB_API_KEY'] },
    { argv: ['hf', 'download', 'x'], names: ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN'] },
  ])('$argv', async ({ argv, names }) => {
    const result = await session.run({ argv });
    expect(namesIn(result.stdout)).toEqual(names);
    for (const value of values) expect(result.stdout).not.toContain(value);
    const lone = await session.run({ command: argv.join(' ') });
    expect(namesIn(lone.stdout)).toEqual(names);
  });

  test('each program of a compound command is given its own', async () => {
    const result = await session.run({ command: 'aws s3 ls; echo --; modal run app.py | cat' });
    const [first = '', second = ''] = result.stdout.split('--\n');
    expect(namesIn(first)).toEqual(['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']);
    expect(namesIn(second)).toEqual(['MODAL_TOKEN_ID', 'MODAL_TOKEN_SECRET']);
    expect(result.decisions.map(({ program, rule }) => [program, rule])).toEqual([
      ['aws', 'aws-cli'],
      ['modal', 'modal-cli'],
      ['cat', 'unknown-program'],
    ]);
  });

  test("a request can't bring its own provider variable, and its shell start-up file sees no value", async () => {
    writeFileSync(path.join(tools, 'start.sh'), 'echo "started with $AWS_ACCESS_KEY_ID"\n');
    const result = await session.run({
      command: 'aws s3 ls',
      env: { HF_TOKEN: 'mine', BASH_ENV: path.join(tools, 'start.sh') },
    });
    const [first, ...others] = result.stdout.split('\n');
    expect(first).toBe('started with ');
    expect(namesIn(others.join('\n'))).toEqual(['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']);
  });

  test('explain decides the same and runs nothing', async () => {
    const marker = path.join(tools, 'ran');
    const { decisions } = await session.call<{ decisions: { given: string[] }[] }>('explain', {
      argv: ['aws', 's3', 'ls', marker],
    });
    const { decisions: same } = await session.run({ argv: ['aws', 's3', 'ls', marker] });
    expect(decisions).toEqual(same);
  });
});

claim('security/custom-environment', async () => {
  const { stdout } = await session.run({ argv: ['env'] });
  for (const [name, value] of Object.entries(own)) {
    expect(stdout).not.toContain(`${name}=`);
    expect(stdout).not.toContain(value);
  }
  expect(stdout).toMatch(/^PATH=/m);
});

claim('security/irrelevant-stripped', async () => {
  const { stdout, decisions } = await session.run({ argv: ['wandb', 'status'] });
  expect(namesIn(stdout)).toEqual(['WANDB_API_KEY']);
  expect(decisions[0]?.withheld).toEqual(expect.arrayContaining(['HF_TOKEN', 'LAMBDA_API_KEY']));
});

claim('security/filter-by-command', async () => {
  const given = async (argv: string[]) => (await session.run({ argv })).decisions[0]?.given;
  expect(await given(['modal', 'deploy'])).toEqual(['MODAL_TOKEN_ID', 'MODAL_TOKEN_SECRET']);
  expect(await given(['git', 'push'])).toEqual([]);
});

claim('credentials/that-subprocess-only', async () => {
  const granted = await session.start({ command: 'aws s3 ls' });
  const { stdout } = await session.run({ argv: ['unheard-of'] });
  expect(namesIn(stdout)).toEqual([]);
  await session.call('wait', { processId: granted.processId });
});

claim('card/agents-over-rpc', async () => {
  const { stdout, exitCode } = await session.run({ argv: ['echo', 'hello'] });
  expect([stdout, exitCode]).toEqual(['hello\n', 0]);
});

claim('card/unix-socket-rpc', async () => {
  const [{ socket } = {}] = session.events() as { socket?: string }[];
  const { mode } = statSync(String(socket));
  expect(statSync(String(socket)).isSocket()).toBe(true);
  expect(mode & 0o777).toBe(0o600);
  expect(statSync(path.dirname(String(socket))).mode & 0o777).toBe(0o700);
});

claim('security/redacts-debug-logs', async () => {
  const script = path.join(tools, 'debug.py');
  writeFileSync(
    script,
    'import os,sys\nprint("> Authorization: Bearer " + os.environ["HF_TOKEN"], file=sys.stderr)\n',
  );
  const { stderr } = await session.run({ argv: ['python3', script] });
  expect(stderr).toBe('> Authorization: Bearer [REDACTED]\n');
});

claim('security/redacts-output', async () => {
  const script = path.join(tools, 'show.py');
  writeFileSync(
    script,
    'import os,sys,base64\nv=os.environ["HF_TOKEN"]\nprint(v)\nprint(v,file=sys.stderr)\n' +
      'print(base64.b64encode(v.encode()).decode())\n',
  );
  const { stdout, stderr, redactions } = await session.run({ argv: ['python3', script] });
  expect(stdout).toBe('[REDACTED]\n[REDACTED]\n');
  expect(stderr).toBe('[REDACTED]\n');
  expect(redactions).toBe(3);
});

test('a value that is written in pieces is redacted whole; a prompt appears at once', async () => {
  const script = path.join(tools, 'slow.py');
  writeFileSync(
    script,
    'import os,sys\nprint("name? ", end="", flush=True)\nname=sys.stdin.readline().strip()\n' +
      'for c in os.environ["HF_TOKEN"]:\n sys.stdout.write(c); sys.stdout.flush()\nprint(name)\n',
  );
  const { processId } = await session.start({ argv: ['python3', script] });
  await expect
    .poll(async () => (await session.call<{ data: string }>('output', { processId })).data)
    .toBe('name? ');
  await session.call('write', { processId, data: 'Ada\n' });
  expect(await session.output(processId)).toBe('name? [REDACTED]Ada\n');
});

test('output without a value is byte-identical, also when it is no text', async () => {
  const { processId } = await session.call<{ processId: string }>('spawn', {
    command: `head -c 300000 /dev/urandom | tee ${path.join(tools, 'random')}`,
    background: true,
    encoding: 'base64',
  });
  await session.call('wait', { processId });
  const data = session.notifications
    .filter(({ params, method }) => method === 'output' && params.processId === processId)
    .map(({ params }) => Buffer.from(String(params.data), 'base64'));
  expect(Buffer.concat(data).equals(readFileSync(path.join(tools, 'random')))).toBe(true);
});

describe('a terminal', () => {
  test('is one, of the size that was asked for, and follows a resize', async () => {
    const { processId } = await session.start({
      command: 'test -t 0 && test -t 1 && tty > /dev/null && stty size; read x; stty size',
      tty: { columns: 91, rows: 17 },
    });
    await expect
      .poll(async () => (await session.call<{ data: string }>('output', { processId })).data)
      .toContain('17 91');
    await session.call('resize', { processId, columns: 44, rows: 9 });
    await session.call('write', { processId, data: '\n' });
    expect(await session.output(processId)).toContain('9 44');
  });

  test('loses no tail of the output in 40 runs', async () => {
    for (let run = 0; run < 40; run += 1) {
      const { stdout } = await session.run({
        command: `stty raw; head -c 20000 /dev/zero | tr '\\0' x`,
        tty: { columns: 80, rows: 24 },
      });
      expect(stdout.length).toBe(20_000);
    }
  });
});

describe('exit', () => {
  test.each([
    { command: 'exit 7', exitCode: 7, signal: null },
    { command: 'kill -9 $$', exitCode: null, signal: 'SIGKILL' },
    { command: 'kill -TERM $$', exitCode: null, signal: 'SIGTERM' },
  ])('$command', async ({ command, exitCode, signal }) => {
    expect(await session.run({ command })).toMatchObject({ exitCode, signal });
  });

  test('real pipes: /dev/stdout and /dev/stderr can be opened', async () => {
    const { stdout, stderr } = await session.run({
      command: 'echo a > /dev/stdout; echo b | tee /dev/stderr > /dev/null',
    });
    expect([stdout, stderr]).toEqual(['a\n', 'b\n']);
  });

  test('a timeout ends the whole tree', async () => {
    const { signal } = await session.run({ command: 'sleep 60 | sleep 61', timeoutMs: 200 });
    expect(signal).toBe('SIGTERM');
  });

  test('stdin is what was given, then its end', async () => {
    expect((await session.run({ command: 'cat; echo end', stdin: 'ü\n' })).stdout).toBe('ü\nend\n');
    expect((await session.run({ command: 'cat; echo end' })).stdout).toBe('end\n');
  });

  test('a limit keeps the last bytes', async () => {
    const { stdout, truncated } = await session.run({ command: 'echo 12345', outputLimitBytes: 3 });
    expect([stdout, truncated]).toEqual(['45\n', true]);
  });
});

describe('the life of a process', () => {
  test('list, kill, wait, output and release', async () => {
    const { processId, pid } = await session.start({ command: 'echo hi; sleep 60 & sleep 61' });
    const { processes } = await session.call<{ processes: { processId: string; pid: number }[] }>(
      'list',
    );
    expect(processes.find((one) => one.processId === processId)).toMatchObject({
      pid,
      exitCode: null,
    });
    await expect
      .poll(async () => (await session.call<{ data: string }>('output', { processId })).data)
      .toBe('hi\n');
    await session.call('kill', { processId });
    expect(await session.call('wait', { processId })).toEqual({
      exitCode: null,
      signal: 'SIGTERM',
    });
    const first = await session.call<{ data: string; offset: number; eof: boolean }>('output', {
      processId,
      maxBytes: 2,
    });
    expect(first).toEqual({ data: 'hi', offset: 2, eof: false });
    expect(await session.call('output', { processId, fromOffset: 2 })).toEqual({
      data: '\n',
      offset: 3,
      eof: true,
    });
    await session.call('release', { processId });
    expect((await session.ask('wait', { processId })).error).toMatchObject({ code: -32003 });
  });

  test('exit is told after the last output', async () => {
    const { processId } = await session.start({ command: 'seq 1 20000' });
    await session.output(processId);
    await expect
      .poll(() => session.notifications.filter((one) => one.params.processId === processId).at(-1))
      .toMatchObject({ method: 'exit', params: { exitCode: 0, redactions: 0 } });
  });

  test("the session's own command can't be reached over the socket", async () => {
    const { processes } = await session.call<{ processes: { command: string }[] }>('list');
    expect(processes.some(({ command }) => command.includes('node'))).toBe(false);
  });
});

describe('what is refused', () => {
  test.each([
    { says: 'no program', params: {}, code: -32602, name: 'INVALID_PARAMS' },
    {
      says: 'two programs',
      params: { command: 'a', argv: ['b'] },
      code: -32602,
      name: 'INVALID_PARAMS',
    },
    {
      says: 'an unknown program',
      params: { argv: ['no-such'] },
      code: -32602,
      name: 'COMMAND_NOT_FOUND',
    },
    {
      says: 'no program file',
      params: { argv: ['/etc/passwd'] },
      code: -32602,
      name: 'NOT_EXECUTABLE',
    },
    {
      says: 'no directory',
      params: { argv: ['true'], cwd: '/no/such' },
      code: -32602,
      name: 'NO_SUCH_DIRECTORY',
    },
    {
      says: 'an approval that nobody gave',
      params: { argv: ['printenv', 'HF_TOKEN'], authorize: ['HF_TOKEN'] },
      code: -32002,
      name: 'NOT_AUTHORIZED',
    },
  ])('$says', async ({ params, code, name }) => {
    const { error } = await session.ask('spawn', params);
    expect(error).toMatchObject({ code, data: { code: name } });
    expect(error?.data?.hint).toBeTruthy();
  });

  test('without a terminal nobody can be asked', async () => {
    expect(
      await session.call('authorization.request', {
        argv: ['printenv', 'HF_TOKEN'],
        names: ['HF_TOKEN'],
      }),
    ).toEqual({ status: 'unavailable' });
  });

  test('a spawned command may not spawn', async () => {
    const script = path.join(tools, 'client.mjs');
    writeFileSync(
      script,
      `import net from 'node:net';
const socket = net.connect(process.env.SYNSC_SOCKET);
socket.write('{"jsonrpc":"2.0","id":1,"method":"spawn","params":{"argv":["aws"]}}\\n');
socket.once('data', (bytes) => { console.log(String(bytes)); process.exit(0); });`,
    );
    const { stdout } = await session.run({ argv: [process.execPath, script] });
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: -32001 } });
  });
});

claim('credentials/own-key', async () => {
  const { credentials } = await session.call<{ credentials: object[] }>('credentials');
  expect(credentials).toContainEqual({
    name: 'HF_TOKEN',
    provider: 'huggingface',
    source: 'environment',
    masked: '••••2345',
    version: 0,
  });
});

claim('credentials/no-shell-export', async () => {
  const [{ pid } = {}] = session.events() as { pid?: number }[];
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  for (const child of children) {
    const environ = readFileSync(`/proc/${child}/environ`, 'utf8');
    for (const value of values) expect(environ).not.toContain(value);
  }
});

test('curl speaks to the same socket', async () => {
  const curl = '/usr/bin/curl';
  const body = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
  // from the session's own command, not from a spawned one, it would be a client: here it may ping only
  const { stdout } = await session.run({
    command: `${curl} -s --unix-socket "$SYNSC_SOCKET" -H 'content-type: application/json' -d '${body}' http://s/rpc`,
  });
  expect(JSON.parse(stdout)).toMatchObject({ result: { role: 'subprocess', protocolVersion: 1 } });
});

test('the document that describes the socket names every method', async () => {
  const { methods } = await session.call<{ methods: { name: string }[] }>('rpc.discover');
  expect(methods.map(({ name }) => name)).toEqual(expect.arrayContaining(['spawn', 'explain']));
});

test('a client that only sends and then listens is answered; one that is gone takes its command with it', async () => {
  const ask = path.join(tools, 'ask.py');
  writeFileSync(
    ask,
    `import json, os, socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
call = {"jsonrpc": "2.0", "id": 1, "method": "spawn", "params": {"command": "touch %s; sleep %s; echo late" % (sys.argv[3], sys.argv[4])}}
s.sendall((json.dumps(call) + "\\n").encode())
s.shutdown(socket.SHUT_WR)
while not os.path.exists(sys.argv[3]): time.sleep(0.05)
print(s.makefile().readline() if sys.argv[2] == "stay" else "left")
`,
  );
  const launch = (line: string) =>
    spawnSync(synsc, ['launch', '--no-sync', '--', 'sh', '-c', line], {
      env: cleanEnv({ XDG_RUNTIME_DIR: tools, TMPDIR: tools }),
      encoding: 'utf8',
    }).stdout;
  expect(
    JSON.parse(launch(`python3 ${ask} "$SYNSC_SOCKET" stay ${tools}/stays 0.4`)),
  ).toMatchObject({
    result: { stdout: 'late\n' },
  });
  const own = `60.${process.pid}`; // nobody else's
  const lines = [
    `python3 ${ask} "$SYNSC_SOCKET" leave ${tools}/runs ${own}`,
    `for try in $(seq 100); do pgrep -f "^sleep ${own}" > /dev/null || break; sleep 0.1; done`,
    `pgrep -fc "^sleep ${own}" || true`,
  ];
  expect(launch(lines.join('\n'))).toBe('left\n0\n');
});

test('exec passes big input through whole, ends with a reader that left, and holds a slow one back', () => {
  const lines = [
    `head -c 5000000 /dev/urandom > ${tools}/big`,
    `cmp <(${synsc} exec -- cat < ${tools}/big) ${tools}/big && echo same`,
    `${synsc} exec -- yes | head -1; echo "code \${PIPESTATUS[0]}"`,
    `${synsc} exec -- head -c 20000000 /dev/zero | (sleep 1; wc -c)`,
    `yes | ${synsc} exec -- head -1`,
  ];
  const { stdout, stderr } = spawnSync(
    synsc,
    ['launch', '--no-sync', '--', 'bash', '-c', lines.join('\n')],
    {
      env: cleanEnv({ XDG_RUNTIME_DIR: tools }),
      encoding: 'utf8',
    },
  );
  expect(stderr).toBe('');
  expect(stdout).toBe('same\ny\ncode 141\n20000000\ny\n');
});
