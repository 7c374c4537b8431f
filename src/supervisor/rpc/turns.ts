import { elapsed } from '../../platform/clock.ts';

/** Requests that begin in one turn of the event loop, and milliseconds of it in which they do; at least one does. */
const perTurn = { requests: 4, time: 5 };

/**
 * Lets requests begin a few at a time, so that the event loop goes round, one of each asker in turn. What a
 * request does at once counts: the next one begins when that is done.
 */
export interface Turns {
  run<T>(asker: unknown, task: () => Promise<T>): Promise<T>;
}

export function createTurns(): Turns {
  const waiting = new Map<unknown, (() => void)[]>();
  /** How many have begun in this turn, and when none does any more. */
  let begun = 0;
  let end = 0;

  function count(): void {
    begun += 1;
    if (begun === 1) {
      end = elapsed() + perTurn.time;
      setImmediate(() => {
        begun = 0;
        next();
      });
    }
    whenDoneAtOnce(next);
  }
  function next(): void {
    if (waiting.size === 0) return;
    if (begun > 0 && (begun >= perTurn.requests || elapsed() >= end)) return;
    count();
    startOne();
  }
  function startOne(): void {
    for (const [asker, tasks] of waiting) {
      waiting.delete(asker);
      const start = tasks.shift();
      if (tasks.length > 0) waiting.set(asker, tasks); // behind everybody else
      start?.();
      return;
    }
  }
  return {
    run(asker, task) {
      if (begun === 0) {
        count();
        return task();
      }
      return new Promise((resolve, reject) => {
        const tasks = waiting.get(asker) ?? [];
        waiting.set(asker, tasks);
        tasks.push(() => void task().then(resolve, reject));
      });
    },
  };
}

/** Calls back when all that now follows from promises is done. */
function whenDoneAtOnce(call: () => void): void {
  queueMicrotask(() => process.nextTick(call));
}
