import { hostname } from 'node:os';
import type { SyncResponse } from '../../protocol/dashboard/answers.ts';
import { sessionLimits } from '../../protocol/dashboard/limits.ts';
import type { SessionStart, SessionUpdate, SyncRequest } from '../../protocol/dashboard/sync.ts';
import type { DashboardClient } from '../account/dashboard-client.ts';
import { workingDirectory } from './working-directory.ts';

/** What the dashboard keeps of a session for its user's overview: the session runs without it, too. */
export class SessionRecord {
  readonly #client: DashboardClient;
  readonly #start: SessionStart;
  #id: Promise<string | undefined> | undefined;

  constructor(client: DashboardClient, label: string | undefined) {
    this.#client = client;
    this.#start = {
      directory: workingDirectory().slice(0, sessionLimits.directory),
      hostname: hostname().slice(0, sessionLimits.hostname),
      ...(label && { label: label.slice(0, sessionLimits.label) }),
    };
  }

  /** A sync; the first one opens the record with it, for which an older dashboard is asked by itself. */
  async sync(request: SyncRequest): Promise<SyncResponse> {
    if (this.#id !== undefined) return this.#client.sync(request);
    const answer = await this.#client.sync({ ...request, session: this.#start });
    this.#id = answer.session
      ? Promise.resolve(answer.session.id)
      : this.#client.startSession(this.#start).then(
          ({ id }) => id,
          () => undefined, // nor is it told of anything else then
        );
    return answer;
  }

  /** Resolves when the dashboard has it, or can't be told. */
  async tell(update: SessionUpdate): Promise<void> {
    const id = await this.#id;
    if (id === undefined) return;
    await this.#client.updateSession(id, update).catch(() => undefined); // the next one tells as much
  }
}
