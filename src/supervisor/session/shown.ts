import { SynscError } from '../../errors.ts';
import type { ManagedProcess } from '../process/table.ts';
import { type Caller, whenGone } from './verbs.ts';

type Asker = Pick<Caller, 'asker' | 'origin' | 'gone'>;

/** Commands whose output shows values that the user authorised for one caller: nobody else reaches it. */
export class Shown {
  readonly #askers = new WeakMap<ManagedProcess, Asker>();

  /** Until its caller has gone; what is kept of its output is then overwritten. */
  add(process: ManagedProcess, asker: Asker): void {
    this.#askers.set(process, asker);
    void process.exited.then(() => void whenGone(asker, () => process.log.wipe()));
  }

  /** A process whose output or input the caller may reach. Throws DENIED. */
  reach(process: ManagedProcess, caller: Asker): ManagedProcess {
    const asker = this.#askers.get(process);
    if (asker === undefined || asker.asker === caller.asker) return process;
    // a stream is a connection of its own
    if (asker.origin !== undefined && asker.origin === caller.origin) return process;
    throw new SynscError('DENIED', 'the user authorised this command for another caller alone', {
      hint: 'ask for a call of your own: `authorization.request`',
    });
  }
}
