import { existsSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ProcessSummary } from '../../protocol/session/schemas.ts';
import { signal } from '../../src/platform/tree.ts';
import { holding, killWatchdog, watchdogOf } from '../support/processes.ts';
import { TestSession } from '../support/session.ts';

/** What a loaded machine may take. */
const patience = { timeout: 20_000 };

/** What the session should know of a command. */
interface Expected {
  state: 'running' | 'ended' | 'released';
}

interface Model {
  readonly commands: Map<string, Expected>;
}

interface Real {
  readonly session: TestSession;
}

const idsOf = ({ commands }: Model, state: Expected['state']) =>
  [...commands].flatMap(([id, one]) => (one.state === state ? [id] : []));

/** One of the model's commands in a state, chosen by a number that fast-check can shrink. */
const pick = (model: Model, state: Expected['state'], which: number) => {
  const ids = idsOf(model, state);
  return ids[which % ids.length] ?? '';
};

abstract class Step implements fc.AsyncCommand<Model, Real> {
  readonly which: number;
  constructor(which: number) {
    this.which = which;
  }
  check(_model: Readonly<Model>): boolean {
    return true;
  }
  abstract run(model: Model, real: Real): Promise<void>;
  toString(): string {
    return `${this.constructor.name} ${this.which}`;
  }
}

class Start extends Step {
  async run(model: Model, { session }: Real) {
    const command = this.which % 2 === 0 ? 'sleep 600' : 'setsid sleep 600 & sleep 600';
    const tty = this.which % 3 === 0 ? { tty: { columns: 80, rows: 24 } } : {};
    const { processId } = await session.start({ command, ...tty });
    model.commands.set(processId, { state: 'running' });
  }
}

class Finish extends Step {
  async run(model: Model, { session }: Real) {
    const { processId } = await session.start({ command: `exit ${this.which % 200}` });
    expect(await session.call('wait', { processId })).toMatchObject({ exitCode: this.which % 200 });
    model.commands.set(processId, { state: 'ended' });
  }
}

class Kill extends Step {
  override check = (model: Model) => idsOf(model, 'running').length > 0;
  async run(model: Model, { session }: Real) {
    const processId = pick(model, 'running', this.which);
    const signal = this.which % 2 === 0 ? 'SIGKILL' : 'SIGTERM';
    await session.call('kill', { processId, signal });
    await session.call('wait', { processId });
    model.commands.set(processId, { state: 'ended' });
  }
}

/** Not by the session, but behind its back. */
class KillOutside extends Step {
  override check = (model: Model) => idsOf(model, 'running').length > 0;
  async run(model: Model, { session }: Real) {
    const processId = pick(model, 'running', this.which);
    const { processes } = await session.call<{ processes: ProcessSummary[] }>('list');
    for (const one of processes) if (one.processId === processId) signal(one.pid, 'SIGKILL');
    expect(await session.call('wait', { processId })).toMatchObject({ signal: 'SIGKILL' });
    model.commands.set(processId, { state: 'ended' });
  }
}

class KillWatchdog extends Step {
  async run(_model: Model, { session }: Real) {
    const pid = session.child.pid ?? 0;
    await expect.poll(() => watchdogOf(pid), patience).toBeDefined();
    killWatchdog(pid);
  }
}

class Release extends Step {
  override check = ({ commands }: Model) =>
    [...commands.values()].some(({ state }) => state !== 'released');
  async run(model: Model, { session }: Real) {
    const state = idsOf(model, 'ended').length > 0 ? 'ended' : 'running';
    const processId = pick(model, state, this.which);
    await session.call('release', { processId });
    model.commands.set(processId, { state: 'released' });
    expect((await session.ask('wait', { processId })).error).toMatchObject({ code: -32003 });
  }
}

/** The session knows what the model knows. */
class Compare extends Step {
  async run({ commands }: Model, { session }: Real) {
    const { processes } = await session.call<{ processes: ProcessSummary[] }>('list');
    const seen = processes.map(({ processId, exitCode, signal }) => ({
      processId,
      state: exitCode === null && signal === null ? 'running' : 'ended',
    }));
    const wanted = [...commands]
      .filter(([, { state }]) => state !== 'released')
      .map(([processId, { state }]) => ({ processId, state }));
    const byId = (a: { processId: string }, b: { processId: string }) =>
      a.processId.localeCompare(b.processId);
    expect(seen.toSorted(byId)).toEqual(wanted.toSorted(byId));
  }
}

const steps = [Start, Finish, Kill, KillOutside, KillWatchdog, Release, Compare].map((Kind) =>
  fc.nat(1_000).map((which) => new Kind(which)),
);

test('whatever is started, killed and released, the session knows it, and its own death ends all', async () => {
  const ends = fc.constantFrom('SIGKILL', 'SIGTERM', 'SIGHUP', 'SIGABRT');
  await fc.assert(
    fc.asyncProperty(fc.commands(steps, { maxCommands: 12 }), ends, async (commands, end) => {
      const session = new TestSession();
      await session.call('ping');
      const id = path.basename(session.directories()[0] ?? '');
      try {
        const setup = () => ({
          model: { commands: new Map<string, Expected>() },
          real: { session },
        });
        await fc.asyncModelRun(setup, commands);
        await expect.poll(() => watchdogOf(session.child.pid ?? 0), patience).toBeDefined();
      } finally {
        session.child.kill(end as NodeJS.Signals);
        await session.exited;
      }
      await expect.poll(() => holding(`SYNSC_SESSION=${id}`), patience).toEqual([]);
      await expect.poll(() => session.directories(), patience).toEqual([]);
      expect(existsSync(path.join(session.runtime, 'synsc'))).toBe(true);
    }),
    { numRuns: 6, endOnFailure: true },
  );
}, 240_000);
