/** Why programs that anything can be run or sent with never get a credential. */
const strip: Readonly<Record<string, readonly string[]>> = {
  'needs none of these credentials, and its hooks and helpers could take them': [
    'git',
    'gh',
    'hg',
    'svn',
  ],
  'could send them anywhere': [
    'curl',
    'wget',
    'http',
    'https',
    'nc',
    'ncat',
    'socat',
    'telnet',
    'ftp',
    'sftp',
    'scp',
    'rsync',
  ],
  'runs on another machine or as another user': ['ssh', 'mosh', 'sudo', 'doas', 'su', 'runuser'],
  'hands its environment to a container': ['docker', 'podman', 'kubectl', 'nerdctl'],
  'runs install scripts of packages': [
    'pip',
    'pip3',
    'pipx',
    'npm',
    'npx',
    'pnpm',
    'yarn',
    'bun',
    'cargo',
    'gem',
    'apt',
    'apt-get',
    'brew',
  ],
};

const stripReasons = new Map(
  Object.entries(strip).flatMap(([reason, names]) =>
    names.map((name): [string, string] => [name, reason]),
  ),
);

/** Programs that only run another one: the words after them decide nothing here. */
const wrappers = new Set(
  'env nice ionice nohup timeout time stdbuf setsid xargs find make watch parallel command exec builtin eval source . conda uvx chroot unshare strace gdb script'.split(
    ' ',
  ),
);

const shells = new Set('sh bash dash zsh fish ksh ash csh tcsh'.split(' '));

/** Build, admin and test files: they get only what they import. */
const tooling = new Set(
  'setup.py manage.py conftest.py noxfile.py fabfile.py conanfile.py wsgi.py asgi.py tasks.py'.split(
    ' ',
  ),
);

/** Why this program never gets a credential; undefined for all others. */
export function stripReason(name: string): string | undefined {
  return stripReasons.get(name);
}

/** Whether it only starts another program. */
export function isWrapper(name: string): boolean {
  return wrappers.has(name);
}

/** Whether it is a shell. */
export function isShell(name: string): boolean {
  return shells.has(name);
}

/** Whether a Python file is an entry point of a build, admin or test tool. */
export function isTooling(path: string): boolean {
  return tooling.has(baseName(path));
}

/** The part of a path after its last slash. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
