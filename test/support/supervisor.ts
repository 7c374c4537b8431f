import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect, type SynscClient } from '../../protocol/client.ts';
import { nobody } from '../../src/supervisor/authorization/approver.ts';
import { parseRules } from '../../src/supervisor/policy/rules.ts';
import { startSupervisor } from '../../src/supervisor/start.ts';
import type { SyncSource } from '../../src/supervisor/vault/sync.ts';
import { cleanEnv } from './session.ts';

/**
 * A session in the process of the test, which is then a client of it. Such a test may start no process
 * itself: the session collects them.
 */
export async function startOwnSession(
  options: { env?: Record<string, string>; source?: SyncSource } = {},
) {
  const runtime = mkdtempSync(path.join(tmpdir(), 's-'));
  const supervisor = await startSupervisor({
    env: cleanEnv({ ...options.env, XDG_RUNTIME_DIR: runtime }),
    take: (name) => (options.env?.[name] ? Buffer.from(options.env[name]) : undefined),
    cwd: runtime,
    approver: nobody,
    source: options.source,
    relayCommand: [],
    rules: parseRules(undefined),
  });
  const clients: SynscClient[] = [];
  return {
    supervisor,
    cwd: runtime,
    async client(): Promise<SynscClient> {
      const client = await connect(supervisor.socketPath);
      clients.push(client);
      return client;
    },
    async close() {
      for (const client of clients) client.close();
      await supervisor.close('the test has ended');
      rmSync(runtime, { recursive: true, force: true });
    },
  };
}
