import { elapsed } from '../../platform/clock.ts';

/** Requests that begin in one turn of the event loop, and milliseconds that it may take for so many. */
const perTurn = { requests: 4, time: 5 };

/** Lets requests begin a few at a time, so that the event loop goes round, one of each asker in turn. */
export interface Turns {
  run<T>(asker: unknown, task: () => Promise<T>): Promise<T>;
}

export function createTurns(): Turns {
  const waiting = new Map<unknown, (() => void)[]>();
  let left = perTurn.requests;
  let began: number | undefined;

  function begin(): void {
    if (began !== undefined) return;
    began = elapsed();
    setImmediate(next);
  }
  /** The longer the last turn took, the fewer begin in this one. */
  function next(): void {
    const { requests, time } = perTurn;
    const took = elapsed() - (began ?? 0);
    began = undefined;
    left = Math.max(1, Math.min(requests, Math.floor((requests * time) / took)));
    if (waiting.size > 0) begin();
    for (; left > 0 && waiting.size > 0; left -= 1) startOne();
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
      begin();
      if (waiting.size === 0 && left > 0) {
        left -= 1;
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
