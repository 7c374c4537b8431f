import { setImmediate as turn } from 'node:timers/promises';

/**
 * Asks for many in one go: what is wanted in one turn of the event loop, or while an answer is under way.
 * `ask` answers in the order of its keys. Nobody is given an answer that was asked for before they came.
 */
export function together<Key, Answer>(
  ask: (keys: readonly Key[]) => Promise<readonly Answer[]>,
  most: number,
): (key: Key) => Promise<Answer> {
  const waiting: Waiting<Key, Answer>[] = [];
  let asking = false;

  async function askOn(): Promise<void> {
    asking = true;
    while (waiting.length > 0) {
      // an embedded database answers before anybody else could come: without this nobody would
      await turn();
      await settle(ask, waiting.splice(0, most));
    }
    asking = false;
  }

  return (key) =>
    new Promise((resolve, reject) => {
      waiting.push({ key, resolve, reject });
      if (!asking) void askOn();
    });
}

interface Waiting<Key, Answer> {
  readonly key: Key;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

async function settle<Key, Answer>(
  ask: (keys: readonly Key[]) => Promise<readonly Answer[]>,
  batch: readonly Waiting<Key, Answer>[],
): Promise<void> {
  try {
    const answers = await ask(batch.map(({ key }) => key));
    for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as Answer);
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
}
