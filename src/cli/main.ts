import { Command, CommanderError } from 'commander';
import { printError } from './print.ts';

const version = '0.1.0';

interface ConnectFlags {
  readonly dashboard?: string;
  readonly caSha256?: string;
  readonly browser?: boolean;
  readonly json?: boolean;
}

interface DashboardFlags {
  readonly port?: string;
  readonly host?: string;
  readonly data?: string;
  readonly databaseUrl?: string;
  readonly json?: boolean;
}

const program = new Command('synsc')
  .description('Runs commands with just the credentials that each one needs')
  .version(version)
  .exitOverride();

program
  .command('dashboard')
  .description('serve the dashboard over TLS, in the foreground')
  .option('--port <number>', 'port, 0 for any free one')
  .option('--host <name>', 'address to listen on')
  .option('--data <directory>', 'where keys and the embedded database live')
  .option('--database-url <url>', 'PostgreSQL 15 or newer instead of the embedded database')
  .option('--json', 'print one JSON line once it accepts connections')
  .action(async ({ port, ...options }: DashboardFlags) => {
    const { runDashboard } = await import('../dashboard/main.ts');
    await runDashboard({ ...options, ...(port === undefined ? {} : { port: Number(port) }) });
  });

const connect = program.command('connect').description('sign this machine in to a dashboard');
for (const [name, description] of [
  ['login', 'sign in by device code'],
  ['status', 'show the account and its credentials, without values'],
  ['logout', 'revoke the token and forget it'],
] as const) {
  connect
    .command(name)
    .description(description)
    .option('--dashboard <url>', 'address of the dashboard')
    .option('--ca-sha256 <hex>', "fingerprint of the dashboard's certificate authority")
    .option('--no-browser', 'do not open a browser')
    .option('--json', 'print JSON on stdout')
    .action(async (options: ConnectFlags) => {
      const { connectLogin, connectLogout, connectStatus } = await import('./commands/connect.ts');
      const run = { login: connectLogin, status: connectStatus, logout: connectLogout }[name];
      process.exitCode = await run(options);
    });
}

try {
  await program.parseAsync();
} catch (error) {
  // commander has already printed its message, with a suggestion
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else process.exitCode = printError(error, { json: process.argv.includes('--json') });
}
