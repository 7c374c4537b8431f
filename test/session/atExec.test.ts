import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allNames } from '../../src/provider/catalog.ts';
import { shellShim } from '../../src/supervisor/shim/script.ts';
import { claim } from '../support/claim.ts';
import { cleanEnv, synsc, TestSession } from '../support/session.ts';

const values = {
  HF_TOKEN: 'hf_EXAMPLEonlyNotARealTokenAbCdEf012345',
  AWS_ACCESS_KEY_ID: 'AKIAEXAMPLEONLY23456',
  AWS_SECRET_ACCESS_KEY: 'EXAMPLEonlyNotARealSecretKey/0123456789+',
  MODAL_TOKEN_ID: 'ak-EXAMPLEonlyNotReal01',
  MODAL_TOKEN_SECRET: 'as-EXAMPLEonlyNotReal02',
  WANDB_API_KEY: 'example0123456789example0123456789example0',
};
/** What each program is told apart by: one letter a credential. */
const letters: Record<string, string> = {
  H: 'HF_TOKEN',
  A: 'AWS_ACCESS_KEY_ID',
  M: 'MODAL_TOKEN_ID',
  W: 'WANDB_API_KEY',
};

let place: string;
let work: string;
let tools: string;
let record: string;
let session: TestSession;

/** A tool that notes its name and the credentials that it holds, and runs its arguments after `--`. */
function tool(file: string): void {
  const held = Object.entries(letters).map(([letter, name]) => `\${${name}:+${letter}}`);
  writeFileSync(
    file,
    `#!/bin/sh\necho "\${0##*/}:${held.join('')}" >>${record}\nwhile [ $# -gt 0 ] && [ "$1" != -- ]; do shift; done\n[ $# = 0 ] && exit \${FAIL:-0}\nshift; "$@"\n`,
    { mode: 0o755 },
  );
}

const notes = () => {
  const text = existsSync(record) ? readFileSync(record, 'utf8') : '';
  rmSync(record, { force: true });
  return text.split('\n').filter((line) => line !== '');
};

beforeAll(async () => {
  place = mkdtempSync(path.join(tmpdir(), 'exec-'));
  work = path.join(place, 'work');
  tools = path.join(place, 'tools');
  record = path.join(place, 'record');
  mkdirSync(path.join(work, 'venv/bin'), { recursive: true });
  mkdirSync(path.join(work, 'inside'));
  mkdirSync(path.join(place, 'elsewhere'));
  mkdirSync(tools);
  for (const name of [
    'aws',
    'hf',
    'modal',
    'wandb',
    'git',
    'curl',
    'pip',
    'sudo',
    'docker',
    'npm',
    'other',
  ])
    tool(path.join(tools, name));
  for (const file of ['work/venv/bin/aws', 'work/inside/aws', 'elsewhere/aws'])
    tool(path.join(place, file));
  symlinkSync('/usr/bin/env', path.join(work, 'venv/bin/env'));
  writeFileSync(path.join(work, 'venv/pyvenv.cfg'), 'home = /usr/bin\n');
  writeFileSync(path.join(work, 'venv/bin/activate'), 'PATH="$PWD/venv/bin:$PATH"; export PATH\n');
  const python = '#!/bin/sh\nexec "$0.tool" "$@"\n';
  for (const directory of [tools, path.join(work, 'venv/bin')]) {
    tool(path.join(directory, 'python3.tool'));
    writeFileSync(path.join(directory, 'python3'), python, { mode: 0o755 });
  }
  writeFileSync(path.join(work, 'train.py'), 'import wandb\nfrom lib import save\n');
  writeFileSync(path.join(work, 'lib.py'), 'def save():\n  import boto3\n');
  const script = { mode: 0o755 };
  writeFileSync(path.join(work, 'direct.py'), '#!/usr/bin/env python3\nimport boto3\n', script);
  writeFileSync(path.join(work, 'absolute.py'), `#!${tools}/python3\n`, script);
  writeFileSync(path.join(work, 'plain.py'), '"""import boto3"""\n');
  writeFileSync(
    path.join(work, 'Makefile'),
    'train:\n\t@python3 plain.py\n\t@aws s3 ls && git pull\n',
  );
  writeFileSync(path.join(work, 'run.sh'), '#!/bin/bash\naws one\n. venv/bin/activate\naws two\n', {
    mode: 0o755,
  });
  writeFileSync(path.join(tools, 'helper'), '#!/usr/bin/env python3\n', { mode: 0o755 });
  session = new TestSession({
    env: { ...values, PATH: `${tools}:/usr/local/bin:/usr/bin:/bin`, HOME: place },
    cwd: work,
  });
  await session.call('ping');
});
afterAll(async () => {
  await session.close();
  rmSync(place, { recursive: true, force: true });
});

/** [shell text, what each program that ran was seen to hold] */
const table: readonly (readonly [string, ...string[]])[] = [
  ['aws s3 ls', 'aws:A'],
  ['hf download x; modal run a.py; wandb sync x', 'hf:H', 'modal:M', 'wandb:W'],
  ['git pull && aws s3 ls', 'git:', 'aws:A'],
  ['aws s3 ls | curl x', 'aws:A', 'curl:'],
  ['other; aws; other', 'other:', 'aws:A', 'other:'],
  ['x=$(aws s3 ls); (hf x)', 'aws:A', 'hf:H'],
  ['for i in 1 2; do aws $i; done', 'aws:A', 'aws:A'],
  ['f() { aws "$@"; }; f a', 'aws:A'],
  ['if aws x; then hf y; fi &\nwait', 'aws:A', 'hf:H'],
  ['cat <(aws x) >/dev/null', 'aws:A'],
  ['eval "aws x"', 'aws:A'],
  ['t=aws; $t x', 'aws:A'],
  ['exec aws x', 'aws:A'],
  ['echo a b | xargs -n 1 aws', 'aws:A', 'aws:A'],
  ['env X=1 aws x; nice aws x; nohup aws x; timeout 5 aws x', 'aws:A', 'aws:A', 'aws:A', 'aws:A'],
  ['find . -maxdepth 0 -exec aws {} \\;', 'aws:A'],
  ['bash -c "aws x; git y"', 'aws:A', 'git:'],
  ['sh -c "aws x; hf y"', 'aws:A', 'hf:H'],
  ['bash <<EOF\naws x\nEOF', 'aws:A'],
  ['make -s train', 'python3.tool:H', 'aws:A', 'git:'],
  ['./run.sh', 'aws:A', 'aws:A'],
  ['bash run.sh', 'aws:A', 'aws:A'],
  ['. venv/bin/activate; aws x; python3 plain.py', 'aws:A', 'python3.tool:H'],
  ['source venv/bin/activate && (aws x) | cat', 'aws:A'],
  ['venv/bin/aws x; true', 'aws:A'],
  ['venv/bin/python3 train.py && hf x', 'python3.tool:HAW', 'hf:H'],
  ['export PATH=/usr/bin:$PATH; aws x', 'aws:A'],
  // Python: what the file and its local modules import
  ['python3 train.py', 'python3.tool:HAW'],
  ['python3 plain.py | cat', 'python3.tool:H'],
  ['python3 -c "import boto3"; python3 -c "import os"', 'python3.tool:A', 'python3.tool:'],
  ["python3 - <<'X'\nimport boto3\nX", 'python3.tool:A'],
  ["true; python3 <<'X'\nimport modal\nX", 'python3.tool:M'],
  ['python3 < train.py', 'python3.tool:AW'],
  ['cat train.py | python3', 'python3.tool:'],
  ['cd /; python3 missing.py', 'python3.tool:'],
  ['./direct.py; ./absolute.py', 'python3.tool:HA', 'python3.tool:H'],
  ['cd venv && ../direct.py', 'python3.tool:HA'],
  ['python3 <(echo "import boto3")', 'python3.tool:'],
  // a tool runs others: each has its own
  ['python3 train.py -- git pull', 'python3.tool:HAW', 'git:'],
  ['aws -- hf x', 'aws:A', 'hf:H'],
  ['aws -- other', 'aws:A', 'other:A'],
  ['helper', 'python3.tool:H'],
  // never, and nothing below
  ['git -- aws x', 'git:', 'aws:'],
  ['curl -- sh -c "aws x; hf y"', 'curl:', 'aws:', 'hf:'],
  ['pip -- python3 plain.py', 'pip:', 'python3.tool:'],
  ['sudo -- aws x', 'sudo:', 'aws:'],
  ['docker -- aws x; aws y', 'docker:', 'aws:', 'aws:A'],
  ['npm ci -- x; npm -- aws x', 'npm:', 'npm:', 'aws:'],
  ['bash -c "git -- bash -c \'aws x\'"', 'git:', 'aws:'],
  ['npm run -- aws x', 'npm:', 'aws:A'],
  ['npm_command=ci aws x; npm_lifecycle_event=postinstall hf x', 'aws:', 'hf:'],
  ['python3 -m pip -- aws x', 'python3.tool:', 'aws:'],
  ['echo "aws x" | bash', 'aws:'],
  ['echo "aws x" | (cd /; sh -s)', 'aws:'],
  ['env -u SYNSC_CAPABILITY aws x', 'aws:'],
  ['SYNSC_CAPABILITY=00000000000000000000000000000000 aws x', 'aws:'],
  // other programs of that name, other places
  ['inside/aws x', 'aws:'],
  ['PATH=$PWD/inside:$PATH aws x', 'aws:'],
  ['export PATH=$PWD/inside:$PATH; aws x', 'aws:'],
  [`export PATH=${'$'}{PWD%/*}/elsewhere:$PATH; aws x`, 'aws:'],
  ['env -i PATH="$PATH" aws x', 'aws:'],
  // sent elsewhere, other code loaded, signing in
  ['AWS_ENDPOINT_URL=http://x.test aws x; aws --endpoint-url http://x.test y', 'aws:', 'aws:'],
  ['export AWS_PROFILE=other; aws x', 'aws:'],
  ['aws configure export-credentials; modal token new', 'aws:', 'modal:'],
  ['export PERL5OPT=-Mstrict; aws x', 'aws:'],
  ['NODE_OPTIONS=--require=/tmp/x.js aws x', 'aws:'],
  ['HF_ENDPOINT=http://x.test python3 train.py', 'python3.tool:AW'],
];

describe('what each program holds when it starts', () => {
  test.each(table.map(([command, ...held]) => ({ command, held })))(
    '$command',
    async ({ command, held }) => {
      notes();
      const { decisions, stderr } = await session.run({ command });
      expect(notes().toSorted()).toEqual(held.toSorted());
      expect(stderr).not.toContain('no answer');
      const given = decisions.filter((one) => one.given.length > 0).map(({ program }) => program);
      const holding = held
        .filter((one) => !one.endsWith(':'))
        .map((one) => one.replace(/(\.tool)?:.*/, ''));
      for (const program of holding.filter((one) => one !== 'other'))
        expect(given).toContain(program);
    },
  );

  test('a terminal that another program opened is one for the tool, and redacted', async () => {
    notes();
    writeFileSync(path.join(work, 'show.sh'), 'test -t 1 && echo "tty $AWS_ACCESS_KEY_ID"\n');
    const { stdout } = await session.run({ command: 'script -qc "aws -- sh show.sh" /dev/null' });
    expect(stdout).toMatch(/tty \[REDACTED\]/);
    expect(notes()).toEqual(['aws:A']);
  });

  test('text that can not be read gets nothing', async () => {
    notes();
    await session.run({ command: 'aws x\necho "' });
    expect(notes().join()).not.toContain('A');
  });

  test('a hook of git gets nothing (needs git)', async () => {
    const repository = path.join(place, 'repository');
    if (spawnSync('/usr/bin/git', ['init', '-q', repository]).status !== 0) return;
    const hook = path.join(repository, '.git/hooks/pre-commit');
    writeFileSync(hook, '#!/bin/bash\naws hook\n', { mode: 0o755 });
    notes();
    const commit = 'git -c user.name=a -c user.email=b@c commit -q --allow-empty -m x';
    for (const command of [`/usr/bin/${commit}`, `PATH=/usr/bin:$PATH; ${commit}; aws after`]) {
      await session.run({ command, cwd: repository });
    }
    expect(notes()).toEqual(['aws:', 'aws:', 'aws:A']);
  });
});

describe('a shim is not noticed', () => {
  test.each([
    ['exit code', 'FAIL=7 aws x; echo $?', '7\n'],
    ['signal', "aws -- sh -c 'kill -TERM $$'; aws -- sleep 0; echo $?", '0\n'],
    ['standard input', 'echo in | aws -- cat', 'in\n'],
    ['another descriptor', 'aws -- sh -c "cat <&3" 3<<<three', 'three\n'],
    ['arguments', 'aws -- printf "[%s]" a "b c" "" "d\ne"', '[a][b c][][d\ne]'],
    ['variables of its own', "name=1 file=2 aws -- sh -c 'echo $name$file'", '12\n'],
    ['a missing tool', 'sam x; echo $?', '127\n'],
    ['set -e and set -u', 'set -euo pipefail; . venv/bin/activate; aws x; echo ok', 'ok\n'],
    ['trace', 'bash -xc ". /dev/null; echo a" 2>&1', '+ . /dev/null\n+ echo a\na\n'],
  ])('%s', async (_what, command, expected) => {
    const { stdout } = await session.run({ command });
    expect(stdout).toBe(expected);
  });

  test('the program has its process id, and variables with odd names', async () => {
    symlinkSync('/usr/bin/env', path.join(tools, 'wb'));
    const { stdout } = await session.run({ command: 'echo $$; exec aws -- sh -c "echo \\$PPID"' });
    const [shell, parent] = stdout.split('\n');
    expect(parent).toBe(shell);
    const { stdout: variables } = await session.run({ command: 'env a.b=c wb' });
    expect(variables).toContain('\na.b=c\n');
    expect(variables).toContain('WANDB_API_KEY=[REDACTED]');
  });

  test('in a terminal it is a terminal', async () => {
    const { stdout } = await session.run({
      command: 'aws -- sh -c "[ -t 0 ] && [ -t 1 ] && tty -s && echo yes"; true',
      tty: { columns: 80, rows: 24 },
    });
    expect(stdout).toBe('yes\r\n');
  });
});

describe("an agent's own shell", () => {
  const launch = (command: string) =>
    spawnSync(synsc, ['launch', '--no-sync', '--', 'bash', '-c', command], {
      env: cleanEnv({
        ...values,
        PATH: `${tools}:${process.env.PATH ?? ''}`,
        XDG_RUNTIME_DIR: session.runtime,
      }),
      cwd: work,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const show = 'aws -- sh -c \'echo "$AWS_ACCESS_KEY_ID"\'';

  test.each([
    ['in place', show],
    ['through a pipe', `${show} | cat`],
    ['in a variable', `x=$(${show}); echo "$x"`],
    ['in a file', `${show} >out; cat out`],
    [
      'by a program that captures it',
      `node -e 'process.stdout.write(require("child_process").execFileSync("aws", ["--", "sh", "-c", "echo $AWS_ACCESS_KEY_ID"]))'`,
    ],
    [
      'on its standard error',
      'aws -- sh -c \'echo "$AWS_ACCESS_KEY_ID" >&2\' 2>&1 >/dev/null | cat',
    ],
  ])('is redacted %s', (_how, command) => {
    notes();
    const { stdout, stderr, status } = launch(command);
    expect(stderr).toBe('');
    expect(stdout + stderr).not.toContain(values.AWS_ACCESS_KEY_ID);
    expect(stdout).toContain('[REDACTED]');
    expect(status).toBe(0);
    expect(notes()).toEqual(['aws:A']);
  });

  test('what runs under the session keeps input, exit code, directory and variables', () => {
    const { stdout } = launch(
      "cd venv; (echo in | A=1 aws -- sh -c 'cat; pwd; echo $A; exit 5'; echo $?) | cat",
    );
    expect(stdout).toBe(`in\n${work}/venv\n1\n5\n`);
  });

  test('what a pipe carries is not changed', () => {
    const { stdout } = launch(
      'head -c 300000 /dev/urandom >random; aws -- cat random | cmp - random && echo same; rm random',
    );
    expect(stdout).toBe('same\n');
  });

  claim('security/filter-inside-compounds', () => {
    notes();
    launch('python3 train.py | tee log; git pull && aws s3 ls');
    expect(notes()).toEqual(['python3.tool:HAW', 'git:', 'aws:A']);
  });
});

test('a tool that is installed in the session has its shim from the next start of a program on', async () => {
  const own = new TestSession({
    env: { ...values, PATH: `${tools}:/usr/bin:/bin`, HOME: place },
    cwd: work,
  });
  tool(path.join(place, 'sam'));
  notes();
  await own.run({ command: `mv ${place}/sam ${tools}/; aws x; sam deploy` });
  expect(notes()).toEqual(['aws:A', 'sam:A']);
  rmSync(path.join(tools, 'sam'));
  await own.close();
});

test('another program that passes itself off as a shim gets no answer', async () => {
  const asks = [
    'import os, socket',
    's = socket.socket(socket.AF_UNIX)',
    's.connect(os.environ["SYNSC_SHIMS"] + "/../d")',
    's.sendall(b"?")',
    'print(len(s.recv(9999)))',
  ];
  writeFileSync(path.join(work, 'asks'), asks.join('\n'));
  const python = spawnSync('sh', ['-c', 'command -v python3']).stdout.toString().trim();
  if (python === '') return; // not installed here
  // the second word of its command line is what a shim's would be
  const command = `ln -sf "$PWD/asks" "$SYNSC_SHIMS/modal"; ${python} "$SYNSC_SHIMS/modal"; rm "$SYNSC_SHIMS/modal"`;
  const own = new TestSession({ env: values, cwd: work });
  const { stdout, stderr } = await own.run({ command });
  expect(stderr).toBe('');
  expect(stdout).toBe('0\n');
  await own.close();
});

test('a shim that gets no answer runs its tool without credentials and says so', async () => {
  notes();
  const { decisions, stderr } = await session.run({
    command:
      'mv "$SYNSC_SHIMS/../d" "$SYNSC_SHIMS/../away"; AWS_ACCESS_KEY_ID=own aws x; mv "$SYNSC_SHIMS/../away" "$SYNSC_SHIMS/../d"',
  });
  expect(stderr).toContain('no answer from the session: aws runs without credentials');
  expect(notes()).toEqual(['aws:']);
  expect(decisions.map(({ program }) => program)).toContain('aws');
});

describe('on a machine without Perl', () => {
  const own = () =>
    new TestSession({
      env: { ...values, PATH: `${tools}:/usr/bin:/bin`, HOME: place },
      cwd: work,
    });
  /** Puts the shim of such a machine in the place of the one that asks. */
  async function replaced(session: TestSession, curl: string | undefined): Promise<void> {
    const { stdout } = await session.run({ argv: ['printenv', 'SYNSC_SHIMS'] });
    const directory = stdout.trim();
    const facts = { directory, socketPath: path.join(directory, '../d'), unset: allNames(), curl };
    writeFileSync(path.join(directory, '../ask'), shellShim(facts));
  }

  test.each([
    ['aws s3 ls; hf x | cat; git y', 'aws:A', 'hf:H', 'git:'],
    ['python3 train.py -- git pull', 'python3.tool:HAW', 'git:'],
    ['git -- aws x', 'git:', 'aws:'],
    ['venv/bin/aws "a b" && aws -- printf "[%s]" "c d" "" "*"', 'aws:A', 'aws:A'],
    ['HF_TOKEN=mine aws x', 'aws:A'],
  ])('curl asks: %s', async (command, ...held) => {
    const session = own();
    await replaced(session, '/usr/bin/curl');
    notes();
    const { stdout, stderr } = await session.run({ command });
    expect(notes().toSorted()).toEqual(held.toSorted());
    expect(stderr).toBe('');
    if (command.includes('printf')) expect(stdout).toBe('[c d][][*]');
    await session.close();
  });

  test('and without curl nothing is given, and that is said', async () => {
    const session = own();
    await replaced(session, undefined);
    notes();
    const { stderr } = await session.run({
      command: 'AWS_ACCESS_KEY_ID=own aws s3 ls; missing-tool',
    });
    expect(notes()).toEqual(['aws:']);
    expect(stderr).toContain('no answer from the session: aws runs without credentials');
    await session.close();
  });
});

claim(
  'credentials/unneeded-filtered',
  async () => {
    const own = new TestSession({
      env: { ...values, PATH: `${tools}:/usr/local/bin:/usr/bin:/bin`, HOME: place },
      cwd: work,
    });
    const simple = fc.constantFrom<string>(
      'aws x',
      'hf y',
      'git z',
      'other',
      'curl -- aws x',
      'python3 train.py',
      'modal -- other',
      'wandb x',
      'true',
      'false',
    );
    const wrap = fc.constantFrom<(a: string, b: string) => string>(
      (a, b) => `${a}; ${b}`,
      (a, b) => `${a} && ${b}`,
      (a, b) => `${a} | ${b}`,
      (a, b) => `(${a}) || ${b}`,
      (a, b) => `echo "$(${a})" >/dev/null; ${b}`,
      (a, b) => `if ${a}; then ${b}; fi`,
      (a, b) => `f() { ${a}; }; f; ${b}`,
      (a, b) => `{ ${a}; } & wait; ${b}`,
      (a, b) => `. venv/bin/activate; ${a}; ${b}`,
      (a, b) => `bash -c ${JSON.stringify(a).replaceAll('$', '\\$')}; ${b}`,
      (a, b) => `git -- bash -c ${JSON.stringify(a).replaceAll('$', '\\$')}; ${b}`,
    );
    const program = fc
      .tuple(fc.array(fc.tuple(wrap, simple), { maxLength: 5 }), simple)
      .map(([wraps, first]) => wraps.reduce((text, [join, next]) => join(text, next), first));
    const allowed: Record<string, string> = {
      aws: 'A',
      hf: 'H',
      modal: 'M',
      wandb: 'W',
      'python3.tool': 'HAW',
      other: 'M',
    };
    try {
      await fc.assert(
        fc.asyncProperty(program, async (command) => {
          notes();
          const { decisions } = await own.run({ command });
          for (const note of notes()) {
            const [name = '', held = ''] = note.split(':');
            for (const letter of held)
              expect(allowed[name] ?? '', `${name} in ${command}`).toContain(letter);
            const decided = decisions.some(
              ({ program: one, given }) => one === name.replace('.tool', '') && given.length > 0,
            );
            if (held !== '' && name !== 'other')
              expect(decided, `${name} in ${command}`).toBe(true);
          }
        }),
        { numRuns: 60 },
      );
    } finally {
      await own.close();
    }
  },
  120_000,
);
