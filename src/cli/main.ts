import { Command, CommanderError } from 'commander';
import type { DashboardOptions } from '../dashboard/config.ts';
import { SynscError } from '../errors.ts';
import { requireText } from './arguments.ts';
import type { ConnectOptions } from './commands/connect.ts';
import type { AdminOptions } from './commands/dashboard.ts';
import type { ExecOptions } from './commands/exec.ts';
import type { ExplainOptions } from './commands/explain.ts';
import type { LaunchOptions } from './commands/launch.ts';
import { execOptions, launchOptions, type Option } from './options.ts';
import { printError } from './print.ts';
import { leave } from './run.ts';
import { version } from './version.ts';

const program = new Command('synsc')
  .description(
    'Runs commands with just the credentials that each one needs, and redacts them in output',
  )
  .version(version)
  .enablePositionalOptions()
  .showSuggestionAfterError()
  .exitOverride()
  .configureOutput({ outputError: () => undefined })
  .addHelpText(
    'after',
    `
Examples:
  synsc dashboard                       serve the store for your credentials
  synsc connect login                   sign this machine in
  synsc launch                          your shell, in a session
  synsc launch -- claude                an agent, in a session
  synsc exec -- aws s3 ls               one command of a session
  synsc exec -c 'python train.py | tee log'
  synsc exec --authorize HF_TOKEN -- printenv HF_TOKEN
  synsc explain -- python train.py      what it would be given, and why

Exit codes: the command's own; 125 synsc failed; 126 not executable; 127 not found;
2 usage; 3 not signed in; 4 denied or not authorised.`,
  );

interface DashboardFlags extends Omit<DashboardOptions, 'port'> {
  readonly port?: string;
}

const dashboard = withPlace(program.command('dashboard'))
  .description('serve the dashboard over TLS, in the foreground')
  .option('--port <number>', 'port, 0 for any free one')
  .option('--host <name>', 'address to listen on')
  .option('--name <name>', 'its certificate is for this name, too; may be repeated', collect)
  .option('--certificate <file>', 'a certificate to show instead, with its issuers, in PEM')
  .option('--key <file>', 'the key of that certificate')
  .action(async ({ port, ...options }: DashboardFlags) => {
    const { runDashboard } = await import('../dashboard/main.ts');
    await runDashboard({ ...options, ...(port === undefined ? {} : { port: Number(port) }) });
  });
for (const [name, description, argument] of [
  ['backup', 'write all of it, keys included, to one file; also while it runs', '<file>'],
  ['restore', 'put a backup into an empty place', '<file>'],
  ['verify', 'check the audit trail and that every stored value opens; also while it runs'],
  ['audit-head', 'write where the audit trail ends now, to be kept elsewhere', '<file>'],
  ['rotate-key', 'change the root key; also while it runs'],
] as const) {
  const command = withPlace(dashboard.command(name)).description(description);
  if (argument) command.argument(argument).option('--force', 'overwrite what is there');
  if (name === 'verify') {
    command.option('--head <file>', 'also that nothing is gone since audit-head wrote this file');
  }
  command.action(async (...given: unknown[]) => {
    const { administer } = await import('./commands/dashboard.ts');
    const file = argument ? String(given[0]) : '';
    process.exitCode = await administer(name, file, command.optsWithGlobals<AdminOptions>());
  });
}

function withPlace(command: Command): Command {
  return command
    .option('--data <directory>', 'where keys and the embedded database live')
    .option('--database-url <url>', 'PostgreSQL 15 or newer instead of the embedded database')
    .option('--json', 'print the result as one JSON line');
}

const connect = program.command('connect').description('sign this machine in to a dashboard');
for (const [name, description] of [
  ['login', 'sign in by device code'],
  ['status', 'show the account and its credentials, without values; running sessions sync'],
  ['logout', 'revoke the token and forget it'],
] as const) {
  connect
    .command(name)
    .description(description)
    .option('--dashboard <url>', 'address of the dashboard')
    .option(
      '--ca-sha256 <hex>',
      "fingerprint of the dashboard's certificate authority, or `public` for any trusted one",
    )
    .option('--no-browser', 'do not open a browser')
    .option('--json', 'print JSON on stdout')
    .action(async (options: ConnectOptions) => {
      const { connectLogin, connectLogout, connectStatus } = await import('./commands/connect.ts');
      const run = { login: connectLogin, status: connectStatus, logout: connectLogout }[name];
      process.exitCode = await run(options);
    });
}

withOptions(program.command('launch'), launchOptions)
  .description('start a session with a command (default: your shell); it ends with it')
  .argument('[command...]')
  .passThroughOptions()
  .action(async (command: string[], options: LaunchOptions) => {
    const { launch } = await import('./commands/launch.ts');
    process.exitCode = await launch(command, options);
  });

withOptions(program.command('exec'), execOptions)
  .description('run one command in the session; outside of one, start a session for this call')
  .argument('[command...]')
  .passThroughOptions()
  .action(async (command: string[], options: ExecOptions) => {
    const { exec } = await import('./commands/exec.ts');
    const { execAlone } = await import('./commands/alone.ts');
    process.exitCode = await (process.env.SYNSC_SOCKET ? exec : execAlone)(command, options);
  });

function withOptions(command: Command, options: readonly Option[]): Command {
  for (const { flags, says, many } of options) {
    if (many) command.option(flags, says, collect, []);
    else command.option(flags, says);
  }
  return command;
}

program
  .command('explain')
  .description('say what a command would be given and withheld, and why; runs nothing')
  .option('--cwd <directory>', 'where it would run')
  .option('--json', 'print the decisions as JSON')
  .option('-c, --command <string>', 'shell text instead of a command')
  .argument('[command...]')
  .passThroughOptions()
  .action(async (command: string[], options: ExplainOptions) => {
    const { explain } = await import('./commands/explain.ts');
    process.exitCode = await explain(command, options);
  });

program
  .command('audit')
  .description('what happened in this session, as a chain of hashes that is checked')
  .option('--json', 'print the chain as JSON')
  .action(async (options: { json?: boolean }) => {
    const { audit } = await import('./commands/audit.ts');
    process.exitCode = await audit(options);
  });

program
  .command('pair')
  .description('print a one-time code by which an editor outside this session can use it')
  .option('--json', 'print the code as JSON')
  .action(async (options: { json?: boolean }) => {
    const { pair } = await import('./commands/pair.ts');
    process.exitCode = await pair(options);
  });

program
  .command('mcp')
  .description('serve this session to an agent as MCP tools on stdio')
  .action(async () => {
    const { mcp } = await import('./commands/mcp.ts');
    process.exitCode = await mcp();
  });

program
  .command('doctor')
  .description('say what protects a session on this machine and what is missing')
  .option('--json', 'print the checks as JSON')
  .action(async (options: { json?: boolean }) => {
    const { doctor } = await import('./commands/doctor.ts');
    process.exitCode = await doctor(options);
  });

program.command('relay', { hidden: true }).action(async () => {
  const { relay } = await import('./commands/relay.ts');
  process.exitCode = await relay();
});

function collect(name: string, names: readonly string[] = []): string[] {
  return [...names, name];
}

let json = false;
program.hook('preAction', (_program, command) => {
  json = command.opts<{ json?: boolean }>().json === true;
});

function usageError({ message }: CommanderError): SynscError {
  const [what = '', suggestion] = message.replace(/^error: /, '').split('\n');
  const hint = suggestion?.replace(/^\((.*)\)$/, '$1');
  return new SynscError('USAGE', what, hint === undefined ? {} : { hint });
}

/** Of a command line that was not understood: `--json` before the command's own words. */
function asksForJson(): boolean {
  const words = process.argv.slice(2);
  const end = words.indexOf('--');
  return words.slice(0, end < 0 ? undefined : end).includes('--json');
}

try {
  requireText(process.argv);
  await program.parseAsync();
  await leave(Number(process.exitCode ?? 0));
} catch (error) {
  if (!(error instanceof CommanderError)) await leave(printError(error, { json }));
  else if (error.exitCode === 0)
    await leave(0); // help and version
  else if (error.code === 'commander.help')
    await leave(2); // a command that needs another word
  else await leave(printError(usageError(error), { json: asksForJson() }));
}
