import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { claim } from '../support/claim.ts';
import { cleanEnv, root } from '../support/session.ts';

const value = 'hf_EXAMPLEonlyNotARealTokenAbCdEf012345';
const hasTmux = spawnSync('tmux', ['-V']).status === 0;
let runtime: string;

/** A real terminal of 100 by 30 cells with a person at it. */
const tmux = (...args: string[]) =>
  execFileSync('tmux', ['-L', path.basename(runtime), ...args], { encoding: 'utf8' });
const type = (text: string) => tmux('send-keys', '-t', 't', text, 'Enter');
const screen = () => tmux('capture-pane', '-p', '-J', '-t', 't');
const patience = { timeout: 15_000, interval: 50 };
const shows = (text: string | RegExp) => vi.waitFor(() => expect(screen()).toMatch(text), patience);

/** Another client of the session: tries to reach every process, and prints what it is answered. */
const spying = `import json, os, socket, sys, time
sys.stdout = open(sys.argv[1], 'w') # not where its output would make it a command of the session
s = socket.socket(socket.AF_UNIX); s.connect(os.environ["SYNSC_SOCKET"]); lines = s.makefile()
def ask(method, **params):
    s.sendall(json.dumps({"jsonrpc": "2.0", "id": method, "method": method, "params": params}).encode() + b"\\n")
    while True:
        answer = json.loads(lines.readline())
        print(method, answer, flush=True) if answer.get("id") != "list" else None
        if answer.get("id") == method: return answer
print("spying", flush=True)
while True:
    for process in ask("list")["result"]["processes"]:
        for method, more in (("output", {}), ("attach", {}), ("write", {"data": ""})):
            ask(method, processId=process["processId"], **more)
    time.sleep(0.02)
`;

describe.skipIf(!hasTmux)('launch in a terminal (needs tmux)', () => {
  beforeAll(async () => {
    runtime = mkdtempSync(path.join(tmpdir(), 'term-'));
    const env = cleanEnv({
      XDG_RUNTIME_DIR: runtime,
      HF_TOKEN: value,
      PATH: `${root}/scripts:${process.env.PATH ?? ''}`,
      PS1: 'outer> ',
      TERM: 'xterm-256color',
    });
    const words = Object.entries(env).map(([name, text]) => `${name}=${text}`);
    tmux(
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      '-s',
      't',
      '-x',
      '100',
      '-y',
      '30',
      'env',
      '-i',
      ...words,
      'bash',
      '--norc',
    );
    type('synsc launch --no-sync -- bash --norc');
    await shows(/bash-.*[#$]/);
  });
  afterAll(() => {
    tmux('kill-server');
    rmSync(runtime, { recursive: true, force: true });
  });

  claim(
    'security/single-call-authorisation',
    async () => {
      type('synsc exec --authorize HF_TOKEN -- printenv HF_TOKEN');
      await shows(/asks to see HF_TOKEN[\s\S]*printenv HF_TOKEN[\s\S]*\[y\/N\]/);
      expect(screen()).not.toContain(value);
      type('y');
      await shows(new RegExp(`${value}\\s+bash-.*[#$]\\s*$`)); // its input is the shell's again
      type('clear');
      await vi.waitFor(() => expect(screen()).not.toContain('[y/N]'), { timeout: 15_000 });
      type('synsc exec --authorize HF_TOKEN -- printenv HF_TOKEN; echo code $?');
      await shows(/\[y\/N\]/);
      type('n');
      await shows('code 4');
      expect(screen()).not.toContain(value);
    },
    60_000,
  );

  test('what the user authorised for one call is read by no other client, and not written to', async () => {
    const spy = path.join(runtime, 'spy.py');
    const seen = path.join(runtime, 'seen');
    writeFileSync(spy, spying);
    type('clear');
    type(`python3 ${spy} ${seen} &`);
    await vi.waitFor(() => expect(readFileSync(seen, 'utf8')).toContain('spying'), patience);
    type('synsc exec --authorize HF_TOKEN -- bash -c "printenv HF_TOKEN; sleep 1"');
    await shows(/\[y\/N\]/);
    type('y');
    await shows(new RegExp(`${value}\\s+bash-.*[#$]\\s*$`));
    const refused = (method: string) => new RegExp(`^${method} .*for another caller alone`, 'm');
    for (const method of ['output', 'attach', 'write']) {
      await vi.waitFor(() => expect(readFileSync(seen, 'utf8')).toMatch(refused(method)), patience);
    }
    expect(readFileSync(seen, 'utf8')).not.toContain(value);
    type('kill %1; wait; clear');
    await vi.waitFor(() => expect(screen()).not.toContain(value), patience);
  }, 60_000);

  claim(
    'credentials/redacted-before-terminal',
    async () => {
      type('clear');
      type(`python3 -c "print('hf_EXAMPLEonlyNot' + 'ARealTokenAbCdEf012345', 'shown')"`);
      await shows(/\[REDACTED\] +shown/);
      expect(screen()).not.toContain(value);
    },
    30_000,
  );

  test('keys typed ahead of the question do not answer it', async () => {
    type('clear');
    tmux(
      'send-keys',
      '-t',
      't',
      'synsc exec --authorize HF_TOKEN -- printenv HF_TOKEN; echo code $?',
      'Enter',
    );
    await shows('asks to see');
    tmux('send-keys', '-t', 't', 'y');
    await shows(/\[y\/N\]/);
    expect(screen()).not.toContain(value);
    type('n');
    await shows('code 4');
  }, 30_000);

  test('size, resize, ^C and full-screen programs work', async () => {
    type('clear; stty size');
    await shows('30 100');
    tmux('resize-window', '-t', 't', '-x', '90', '-y', '25');
    type('clear; stty size');
    await shows('25 90');
    type('clear; echo be""gun; sleep 60');
    await shows('begun');
    tmux('send-keys', '-t', 't', 'C-c');
    type('echo code $?');
    await shows('code 130');
    type('less /etc/passwd');
    await shows('root:x:0:0');
    tmux('send-keys', '-t', 't', 'q');
    type('clear; echo after $((2+2))');
    await shows('after 4');
  }, 60_000);

  test('a line feed moves down and no more where the command has said so', async () => {
    type("clear; stty -onlcr; printf 'a%s\\n' b; printf c; stty sane; echo");
    await shows(/^ab\n {2}c$/m);
  }, 30_000);

  test("the command's exit code passes through and the terminal is as before", async () => {
    type('exit 5');
    await shows('outer>');
    type(
      'code=$?; clear; echo code $code; stty -a | grep -c " icanon"; ls $XDG_RUNTIME_DIR/synsc | wc -l',
    );
    await shows(/code 5\s+1\s+0/);
  }, 30_000);

  test('your own shell keeps its start file, and its tools are decided also after an activation', async () => {
    const home = path.join(runtime, 'home');
    const bin = path.join(home, 'tools');
    mkdirSync(path.join(home, 'venv/bin'), { recursive: true });
    mkdirSync(bin);
    const stub = '#!/bin/sh\necho "holds:${HF_TOKEN:+hf}:"\n';
    writeFileSync(path.join(bin, 'hf'), stub, { mode: 0o755 });
    writeFileSync(path.join(home, 'venv/bin/hf'), stub, { mode: 0o755 });
    writeFileSync(path.join(home, 'venv/pyvenv.cfg'), '');
    writeFileSync(path.join(home, 'venv/bin/activate'), 'PATH=$HOME/venv/bin:$PATH\n');
    writeFileSync(path.join(home, '.bashrc'), `PATH=${bin}:/usr/bin:/bin; PS1='inner> '\n`);
    type(`clear; HOME=${home} PATH=${bin}:$PATH SHELL=/bin/bash synsc launch --no-sync`);
    await shows('inner>');
    type('clear; hf x; command -v hf');
    await shows(/holds:hf:\s+.*\/synsc\/\w+\/bin\/hf/);
    type('clear; . ~/venv/bin/activate && hf x');
    await shows('holds:hf:');
    type('clear; git --version | cat; hf x | cat');
    await shows(/git version[\s\S]*holds:hf:/);
    type('exit');
    await shows('outer>');
  }, 60_000);

  test.each([
    { says: 'while a command runs', command: 'exec sleep 300' },
    { says: 'while it asks', command: 'synsc exec --authorize HF_TOKEN -- true' },
  ])(
    'the terminal is restored when the session is killed $says',
    async ({ command }) => {
      // sums, since the line that is typed stands on the screen too
      const wait = 'until stty -a | grep -q " icanon"; do sleep 0.1; done; echo as before $((4+1))';
      type(
        `clear; sh -c 'synsc launch --no-sync -- sh -c "echo inner \\$((2+1)); ${command}"; ${wait}'`,
      );
      await shows(command.startsWith('synsc') ? /\[y\/N\]/ : 'inner 3');
      const [id = ''] = readdirSync(path.join(runtime, 'synsc'));
      const claim = readFileSync(path.join(runtime, 'synsc', id, 'pid'), 'utf8');
      process.kill(Number.parseInt(claim, 10), 'SIGKILL');
      await shows('as before 5');
    },
    40_000,
  );

  test('a closed terminal ends the session', async () => {
    type('synsc launch --no-sync -- bash --norc');
    await expect
      .poll(() => readdirSync(path.join(runtime, 'synsc')), { timeout: 10_000 })
      .toHaveLength(1);
    tmux('new-session', '-d', '-s', 'other');
    tmux('kill-session', '-t', 't');
    await expect
      .poll(() => readdirSync(path.join(runtime, 'synsc')), { timeout: 10_000 })
      .toEqual([]);
  }, 40_000);
});
