/** Why programs that anything can be run or sent with never get a credential. */
const strip: Readonly<Record<string, string>> = {
  'needs none of these credentials, and its hooks and helpers could take them': 'git gh hg svn jj',
  'could send them anywhere':
    'curl wget http https xh nc ncat netcat socat telnet ftp lftp aria2c sftp scp rsync rclone',
  'runs on another machine or as another user':
    'ssh sshpass autossh mosh sudo doas su runuser pkexec',
  'hands its environment to a container':
    'docker docker-compose podman kubectl helm nerdctl apptainer singularity',
  'runs code of packages': 'pip pip3 pipx npx bunx pnpx uvx cargo gem bundle apt apt-get dnf brew',
};

/** Reasons and the programs that they hold for. */
export const strippedByReason: readonly (readonly [string, readonly string[]])[] = Object.entries(
  strip,
).map(([reason, names]) => [reason, names.split(' ')]);

const stripReasons = new Map(
  strippedByReason.flatMap(([reason, names]) =>
    names.map((name): [string, string] => [name, reason]),
  ),
);

/** Package managers: with these words they run what the project itself says, with all others packages' code. */
const managers: Readonly<Record<string, readonly string[]>> = {
  npm: ['run', 'run-script', 'test', 't', 'start', 'restart', 'stop'],
  pnpm: ['run', 'test', 'start'],
  yarn: ['run', 'test', 'start'],
  bun: ['run', 'test'],
  uv: ['run'],
  poetry: ['run'],
  pdm: ['run'],
  pipenv: ['run'],
  hatch: ['run'],
  rye: ['run'],
  conda: ['run', 'activate'],
  mamba: ['run', 'activate'],
  micromamba: ['run', 'activate'],
};

const shells = new Set('sh bash dash zsh fish ksh ash csh tcsh busybox'.split(' '));

/** Commands of the shell itself: no program is started. */
const builtins = new Set(
  'cd : . source eval exec export unset set shift test [ [[ echo printf read true false exit return local declare typeset readonly alias unalias trap wait jobs fg bg kill pwd pushd popd dirs type hash ulimit umask shopt let break continue getopts mapfile'.split(
    ' ',
  ),
);

/** Build, admin and test files: they get only what they import. */
const tooling = new Set(
  'setup.py manage.py conftest.py noxfile.py fabfile.py conanfile.py wsgi.py asgi.py tasks.py'.split(
    ' ',
  ),
);

/**
 * Why this program, and everything below it, never gets a credential; undefined for all others.
 * `args` tell for package managers; without them those count as strip too.
 */
export function stripReason(
  name: string,
  args: readonly (string | undefined)[],
): string | undefined {
  const allowed = Object.hasOwn(managers, name) ? managers[name] : undefined;
  if (allowed === undefined) return stripReasons.get(name);
  const word = args.find((one) => one === undefined || !one.startsWith('-'));
  return word !== undefined && allowed.includes(word) ? undefined : 'runs code of packages';
}

/** Programs that never get a credential whatever their arguments are. */
export const strippedTools: readonly string[] = [...stripReasons.keys()];

/** Programs whose first words decide. */
export const packageManagers: readonly string[] = Object.keys(managers);

/** Whether it is a shell. */
export function isShell(name: string): boolean {
  return shells.has(name);
}

/** Whether the shell does it itself. */
export function isBuiltin(name: string): boolean {
  return builtins.has(name);
}

/** Whether a Python file is an entry point of a build, admin or test tool. */
export function isTooling(path: string): boolean {
  return tooling.has(baseName(path));
}

/** The part of a path after its last slash. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
