import { auditHead, backup, check, restore, rotateKey } from '../../dashboard/admin/commands.ts';
import type { DashboardOptions } from '../../dashboard/config.ts';
import { printJson } from '../print.ts';

export type AdminOptions = Pick<DashboardOptions, 'data' | 'databaseUrl' | 'json'> & {
  readonly force?: boolean;
  /** A file of `audit-head`. */
  readonly head?: string;
};

interface Outcome {
  readonly result: object;
  /** For people. */
  readonly lines: readonly string[];
  readonly exit?: number;
}

type Work = (file: string, options: AdminOptions) => Promise<Outcome>;

type Name = 'backup' | 'restore' | 'verify' | 'audit-head' | 'rotate-key';

const works: Readonly<Record<Name, Work>> = {
  async backup(file, options) {
    const result = await backup(file, options, options.force ?? false);
    const { path, rows, files } = result;
    const warning = 'it holds the keys: who has it can read every stored credential';
    return { result, lines: [`${path}: ${rows} rows, ${files} files of keys`, warning] };
  },
  async restore(file, options) {
    const result = await restore(file, options, options.force ?? false);
    return { result, lines: [`restored ${result.rows} rows and ${result.files} files of keys`] };
  },
  async verify(_file, options) {
    const result = await check(options, options.head);
    const { audit, faults, values, unopened } = result;
    const lines = [
      `audit trail: ${audit.rows} rows in ${audit.chains} chains`,
      ...faults.map(({ chain, seq, what }) => `  chain ${chain}, row ${seq}: ${what}`),
      `stored values: ${values}`,
      ...unopened.map(
        ({ user, name, version }) => `  ${name} v${version} of ${user} does not open`,
      ),
    ];
    const good = faults.length + unopened.length === 0;
    return {
      result,
      lines: [...lines, good ? 'all is as it was written' : 'NOT as it was written'],
      exit: good ? 0 : 4,
    };
  },
  async 'audit-head'(file, options) {
    const result = await auditHead(file, options, options.force ?? false);
    const { path, rows, chains, sha256 } = result;
    const advice = 'keep it where nobody who writes to the database can write';
    const lines = [`${path}: ${rows} rows in ${chains} chains`, `sha256: ${sha256}`, advice];
    return { result, lines };
  },
  async 'rotate-key'(_file, options) {
    const keys = await rotateKey(options);
    return { result: { keys }, lines: [`a new root key wraps ${keys} keys of users`] };
  },
};

/** A command on a dashboard's data; returns the exit code. */
export async function administer(
  name: keyof typeof works,
  file: string,
  options: AdminOptions,
): Promise<number> {
  const { result, lines, exit = 0 } = await works[name](file, options);
  if (options.json) printJson(result);
  else process.stderr.write(`${lines.join('\n')}\n`);
  return exit;
}
