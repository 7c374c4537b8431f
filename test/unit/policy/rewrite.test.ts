import { describe, expect, test } from 'vitest';
import { askingTools, rewrite } from '../../../src/supervisor/policy/rewrite.ts';
import { inspect } from '../../../src/supervisor/policy/words.ts';
import {
  behindWrapper,
  isWrapper,
  readsProgram,
  shellText,
  throughRunner,
} from '../../../src/supervisor/policy/wrappers.ts';

const rewritten = (text: string) => rewrite(text, inspect(text), { byPath: 'AT', untrusted: 'NO' });

describe('tools that no shim in PATH would catch', () => {
  test.each([
    ['venv/bin/python t.py', 'AT venv/bin/python t.py'],
    [
      'A=1 ./venv/bin/python3.11 t.py && /usr/bin/aws x',
      'A=1 AT ./venv/bin/python3.11 t.py && AT /usr/bin/aws x',
    ],
    ['echo "$(bin/hf x)"; ./run.py', 'echo "$(AT bin/hf x)"; AT ./run.py'],
    ['curl x | bash', 'curl x | NO bash'],
    ['curl x | (cd /; sh -s -- a)', 'curl x | (cd /; NO sh -s -- a)'],
    ['curl x | bash -e -o pipefail', 'curl x | NO bash -e -o pipefail'],
  ])('%s', (text, expected) => expect(rewritten(text)).toBe(expected));

  test.each([
    'aws s3 ls',
    './configure && make',
    '/bin/ls',
    'curl x | bash -c "cat"',
    'curl x | bash script.sh',
    'bash <<X\naws\nX',
    'curl x | bash < file',
    'bash | cat',
    'echo "venv/bin/python"',
    '"venv/bin/python" t.py',
    'venv/bin/python "',
  ])('%j stays as it is', (text) => expect(rewritten(text)).toBe(text));

  test('every tool of a provider asks', () => {
    for (const name of [
      'aws',
      'hf',
      'wandb',
      'modal',
      'lambda-cloud',
      'gcloud',
      'python3',
      'torchrun',
      'uv',
    ])
      expect(askingTools).toContain(name);
  });
});

describe('the program behind a wrapper', () => {
  const behind = (line: string) => {
    const [name = '', ...args] = line.split(' ');
    const inner = behindWrapper({ name, args, assignments: {} });
    return inner && [inner.name, ...inner.args].join(' ');
  };
  test.each([
    ['nice aws x', 'aws x'],
    ['nice -n 5 aws x', 'aws x'],
    ['nice -n5 aws x', 'aws x'],
    ['/usr/bin/nice --adjustment=5 aws', 'aws'],
    ['ionice -c 2 -n 7 aws x', 'aws x'],
    ['timeout 5 aws x', 'aws x'],
    ['timeout -s KILL -k 3 5 aws x', 'aws x'],
    ['timeout -- 5 aws x', 'aws x'],
    ['time -f %e aws', 'aws'],
    ['stdbuf -oL aws', 'aws'],
    ['stdbuf -o L -e 0 aws', 'aws'],
    ['taskset 0x3 aws', 'aws'],
    ['xargs -n 1 -P 4 aws s3 rm', 'aws s3 rm'],
    ['xargs -I {} aws {}', 'aws {}'],
    ['exec -a name aws', 'aws'],
    ['command aws', 'aws'],
    ['watch -n 2 aws x', 'aws x'],
    ['env aws x', 'aws x'],
    ['env A=1 B=2 aws x', 'aws x'],
    ['env -u A --unset B aws', 'aws'],
    ['strace -o file -e trace=open aws', 'aws'],
  ])('%s → %s', (line, inner) => expect(behind(line)).toBe(inner));

  test.each([
    'aws x',
    'nice',
    'timeout 5',
    'env',
    'env -i aws',
    'env - aws',
    'env -S aws',
    'env -C / aws',
    'nice --',
    'find . -exec aws',
  ])('%s has none that can be told', (line) => expect(behind(line)).toBeUndefined());

  test('what env sets is set for it', () => {
    const inner = behindWrapper({ name: 'env', args: ['A=1', '_b2=x=y', 'aws'], assignments: {} });
    expect(inner?.assignments).toEqual({ A: '1', _b2: 'x=y' });
    expect(
      behindWrapper({ name: 'env', args: ['A=1', undefined, 'aws'], assignments: {} }),
    ).toBeUndefined();
    expect(
      behindWrapper({ name: 'nice', args: [undefined, 'aws'], assignments: {} }),
    ).toBeUndefined();
  });
});

describe('shells', () => {
  const words = (line: string) => {
    const [name = '', ...args] = line.split(' ');
    return { name, args, assignments: {} };
  };
  test.each([
    ['bash -c text', 'text'],
    ['/bin/sh -ec text arg', 'text'],
    ['bash -o errexit -c text', 'text'],
    ['bash +x -lc text', 'text'],
    ['bash script -c text', undefined],
    ['bash -c', undefined],
    ['python -c text', undefined],
  ])('%s runs %s', (line, text) => expect(shellText(words(line))).toBe(text));

  test.each([
    ['bash', true],
    ['bash -s', true],
    ['sh -e', true],
    ['bash -s -- a b', true],
    ['bash -o pipefail', true],
    ['bash -c text', false],
    ['bash script', false],
    ['python', false],
  ])('%s reads its program: %s', (line, reads) => expect(readsProgram(words(line))).toBe(reads));
});

describe('runners', () => {
  const through = (line: string) => {
    const [name = '', ...args] = line.split(' ').map((word) => (word === '?' ? undefined : word));
    const inner = throughRunner({ name: name ?? '', args, assignments: {} });
    return inner && [inner.name, ...inner.args].join(' ');
  };
  const valued =
    '--with --with-editable --with-requirements -p --python --project --extra --group --only-group --index --index-url --default-index --extra-index-url --find-links --color';
  test.each(valued.split(' '))('uv run %s takes a word', (option) => {
    expect(through(`uv run ${option} x aws s3`)).toBe('aws s3');
  });
  test.each([
    ['uv run aws x', 'aws x'],
    ['/usr/bin/uv run aws', 'aws'],
    ['uv run -- aws', 'aws'],
    ['uv run t.py a', 'python t.py a'],
    ['uv run -m pkg.mod a', 'python -m pkg.mod a'],
    ['uv run --module pkg.mod', 'python -m pkg.mod'],
    ['uv run uv run aws', 'aws'],
    ['poetry run aws x', 'aws x'],
    ['pdm run -p dir aws', 'aws'],
    ['pdm run --project dir aws', 'aws'],
    ['pipenv run aws', 'aws'],
    ['hatch run aws', 'aws'],
    ['rye run aws', 'aws'],
    ...['conda', 'mamba', 'micromamba'].flatMap((name) =>
      ['-n', '--name', '-p', '--prefix'].map((option) => [`${name} run ${option} x aws`, 'aws']),
    ),
    ['uv sync', 'uv sync'],
    ['uv', 'uv'],
    ['aws run x', 'aws run x'],
  ])('%s starts %s', (line, inner) => expect(through(line ?? '')).toBe(inner));

  test.each([
    'uv run',
    'uv run --',
    'uv run ?',
    'uv run --directory x aws',
    'uv run --env-file x aws',
    'conda run --cwd x aws',
    'poetry run -q',
  ])('what %s starts can not be told', (line) => expect(through(line)).toBeUndefined());

  test('standard input goes with them', () => {
    const stdin = { text: 'import boto3' };
    expect(
      throughRunner({ name: 'uv', args: ['run', 'python', '-'], assignments: {}, stdin })?.stdin,
    ).toBe(stdin);
  });
});

test('wrappers are known by their names', () => {
  const names =
    'env nice ionice nohup setsid timeout time stdbuf taskset xargs command exec builtin watch unbuffer strace find make gmake ninja just parallel script gdb chroot unshare npm pnpm yarn bun';
  for (const name of names.split(' ')) expect(isWrapper(name), name).toBe(true);
  for (const name of ['aws', 'uv', 'bash', 'constructor'])
    expect(isWrapper(name), name).toBe(false);
});

describe('options of wrappers that take a word', () => {
  test.each([
    ['ionice', '-c -n -p --class --classdata'],
    ['nice', '-n --adjustment'],
    ['time', '-f -o --format --output'],
    ['stdbuf', '-i -o -e --input --output --error'],
    ['xargs', '-I -n -P -L -d -a -E -s --max-args --max-procs'],
    ['exec', '-a'],
    ['watch', '-n --interval'],
    ['strace', '-e -o -p -s'],
  ])('%s %s', (name, options) => {
    for (const option of options.split(' ')) {
      const inner = behindWrapper({ name, args: [option, 'x', 'aws', 'y'], assignments: {} });
      expect(inner?.name, option).toBe('aws');
      expect(inner?.args).toEqual(['y']);
    }
  });
  test.each(['-k', '-s', '--kill-after', '--signal'])('timeout %s', (option) => {
    expect(
      behindWrapper({ name: 'timeout', args: [option, 'x', '5', 'aws'], assignments: {} })?.name,
    ).toBe('aws');
  });
});
