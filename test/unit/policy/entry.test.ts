import { describe, expect, test } from 'vitest';
import {
  type Entry,
  entryOf,
  isPython,
  launcherNames,
} from '../../../src/supervisor/policy/entry.ts';
import {
  isBuiltin,
  isShell,
  isTooling,
  packageManagers,
  strippedTools,
  stripReason,
} from '../../../src/supervisor/policy/tools.ts';

const entry = (line: string): Entry | undefined => {
  const [name = '', ...args] = line.split(' ').map((word) => (word === '?' ? undefined : word));
  return entryOf(name ?? '', args);
};
const script = (path: string, ...args: (string | undefined)[]) => ({ kind: 'script', path, args });
const module = (name: string, ...args: string[]) => ({ kind: 'module', name, args });
const inline = (text: string) => ({ kind: 'inline', text });
const stdin = { kind: 'stdin' };
const none = { kind: 'none' };

describe('what a command line runs as Python', () => {
  test.each([
    ['python t.py a b', script('t.py', 'a', 'b')],
    ['python3.12t t.py', script('t.py')],
    ['pypy3 t.py', script('t.py')],
    ['python -u -B t.py -c x', script('t.py', '-c', 'x')],
    ['python -uB t.py', script('t.py')],
    ['python -W ignore -X dev t.py', script('t.py')],
    ['python -Wignore -Xdev t.py', script('t.py')],
    ['python --check-hash-based-pycs never t.py', script('t.py')],
    ['python -- -odd.py x', script('-odd.py', 'x')],
    ['python --', none],
    ['python -c print(1) x', inline('print(1)')],
    ['python -uc print(1)', inline('print(1)')],
    ['python -c', none],
    ['python -m pkg.mod a', module('pkg.mod', 'a')],
    ['python -um pkg', module('pkg')],
    ['python -m', none],
    ['python', stdin],
    ['python -', stdin],
    ['python - a', stdin],
    ['python -u', stdin],
    ['python ?', none],
    ['python --version', none],
    ['python -i t.py', none],
    ['python -z t.py', none],
    ['torchrun t.py a', script('t.py', 'a')],
    ['torchrun --nproc-per-node 8 --standalone t.py --lr 1', script('t.py', '--lr', '1')],
    ['torchrun --nnodes=2 t.py', script('t.py')],
    ['torchrun -m pkg.train a', module('pkg.train', 'a')],
    ['torchrun --module pkg.train', module('pkg.train')],
    ['torchrun --no-python t.py', none],
    ['torchrun --no_python t.py', none],
    ['torchrun t.pyc', none],
    ['torchrun ? t.py', none],
    ['torchrun a b t.py', none],
    ['accelerate launch --config_file c.yaml t.py', script('t.py')],
    ['accelerate config t.py', none],
    ['deepspeed --include x t.py', script('t.py')],
    ['coverage run t.py', script('t.py')],
    ['coverage report t.py', none],
    ['ipython t.py', script('t.py')],
    ['ipython3 t.ipynb', script('t.ipynb')],
    ['ipython', none],
    ['papermill -p a 1 in.ipynb out.ipynb', script('in.ipynb', 'out.ipynb')],
    ['papermill', none],
    ['jupyter execute a.ipynb', script('a.ipynb')],
    ['jupyter run a.ipynb', script('a.ipynb')],
    ['jupyter nbconvert --execute a.ipynb --to html', script('a.ipynb', '--to', 'html')],
    ['jupyter nbconvert a.ipynb', none],
    ['jupyter lab a.ipynb', none],
    ['jupyter-execute a.ipynb', script('a.ipynb')],
    ['jupyter-nbconvert --to html --execute a.ipynb', script('a.ipynb')],
    ['jupyter-nbconvert a.ipynb', none],
    ['python -m torch.distributed.run t.py', script('t.py')],
    ['python -m torch.distributed.launch --use_env t.py', script('t.py')],
    ['python -m accelerate.commands.launch t.py', script('t.py')],
    ['python -m accelerate.commands.accelerate_cli launch t.py', script('t.py')],
    ['python -m deepspeed t.py', script('t.py')],
    ['python -m deepspeed.launcher.runner t.py', script('t.py')],
    ['python -m coverage run t.py', script('t.py')],
    ['python -m IPython t.py', script('t.py')],
    ['python -m pdb t.py', script('t.py')],
    ['python -m cProfile -o f t.py', script('t.py')],
    ['python -m papermill a.ipynb', script('a.ipynb')],
    ['python -m jupyter execute a.ipynb', script('a.ipynb')],
    ['python -m nbconvert --execute a.ipynb', script('a.ipynb')],
  ])('%s', (line, expected) => expect(entry(line)).toEqual(expected));

  test.each([
    'aws s3 ls',
    'node t.py',
    'pythonx t.py',
    'xpython t.py',
    'python3- t.py',
    'constructor x',
  ])('%s is none of Python’s', (line) => expect(entry(line)).toBeUndefined());

  test('interpreters are known by their names', () => {
    for (const name of [
      'python',
      'python2',
      'python3',
      'python3.11',
      'python3.13t',
      'pypy',
      'pypy3.10',
    ])
      expect(isPython(name)).toBe(true);
    for (const name of ['apython', 'python-config', 'python3.11-config', 'python3x'])
      expect(isPython(name)).toBe(false);
    expect(launcherNames).toEqual(
      expect.arrayContaining(['torchrun', 'accelerate', 'deepspeed', 'papermill', 'jupyter']),
    );
  });
});

describe('programs that never get anything', () => {
  test.each(
    'git gh hg svn jj curl wget http https xh nc ncat netcat socat telnet ftp lftp aria2c sftp scp rsync rclone ssh sshpass autossh mosh sudo doas su runuser pkexec docker docker-compose podman kubectl helm nerdctl apptainer singularity pip pip3 pipx npx bunx pnpx uvx cargo gem bundle apt apt-get dnf brew'.split(
      ' ',
    ),
  )('%s', (name) => {
    expect(stripReason(name, ['x'])).toMatch(
      /needs none|could send|runs on another|hands its|runs code/,
    );
    expect(strippedTools).toContain(name);
  });

  test.each([
    ['npm', 'run run-script test t start restart stop', 'install ci exec add'],
    ['pnpm', 'run test start', 'install add dlx'],
    ['yarn', 'run test start', 'install add'],
    ['bun', 'run test', 'install add x'],
    ['uv', 'run', 'sync pip add tool'],
    ['poetry', 'run', 'install add'],
    ['pdm', 'run', 'install'],
    ['pipenv', 'run', 'install'],
    ['hatch', 'run', 'build'],
    ['rye', 'run', 'sync'],
    ['conda', 'run activate', 'install create'],
    ['mamba', 'run activate', 'install'],
    ['micromamba', 'run activate', 'install'],
  ])('%s may %s, not %s', (name, may, not) => {
    expect(packageManagers).toContain(name);
    for (const word of may.split(' ')) {
      expect(stripReason(name, [word])).toBeUndefined();
      expect(stripReason(name, ['-q', word, 'x'])).toBeUndefined();
    }
    for (const word of not.split(' '))
      expect(stripReason(name, [word, 'run'])).toBe('runs code of packages');
    expect(stripReason(name, [])).toBe('runs code of packages');
    expect(stripReason(name, ['-q'])).toBe('runs code of packages');
    expect(stripReason(name, [undefined, 'run'])).toBe('runs code of packages');
  });

  test('others are not among them', () => {
    for (const name of ['aws', 'python', 'gitk', 'constructor', 'toString'])
      expect(stripReason(name, [])).toBeUndefined();
    for (const name of 'sh bash dash zsh fish ksh ash csh tcsh busybox'.split(' '))
      expect(isShell(name)).toBe(true);
    for (const name of 'cd . source eval exec export set test echo true'.split(' '))
      expect(isBuiltin(name)).toBe(true);
    for (const file of 'setup.py a/manage.py conftest.py noxfile.py fabfile.py conanfile.py wsgi.py asgi.py tasks.py'.split(
      ' ',
    ))
      expect(isTooling(file)).toBe(true);
    expect([isShell('aws'), isBuiltin('aws'), isTooling('train.py')]).toEqual([
      false,
      false,
      false,
    ]);
  });
});
