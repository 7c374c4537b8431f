import { expect, test } from 'vitest';
import { together } from '../../src/dashboard/store/together.ts';

/** Answers when told to. */
function slow() {
  const asked: { keys: readonly number[]; answer: () => void; fail: () => void }[] = [];
  const ask = together<number, string>(
    (keys) =>
      new Promise((resolve, reject) => {
        const answer = () => resolve(keys.map(String));
        asked.push({ keys, answer, fail: () => reject(new Error(`no ${keys.join()}`)) });
      }),
    3,
  );
  return { asked, ask };
}
/** Those of the question that comes as the `count`th. */
async function keysOf(asked: ReturnType<typeof slow>['asked'], count: number) {
  await expect.poll(() => asked.length, { timeout: 10_000, interval: 1 }).toBe(count);
  return asked[count - 1]?.keys;
}

test('what is wanted in one turn, or while an answer is under way, is asked for together', async () => {
  const { asked, ask } = slow();
  const answers = [ask(1), ask(2)];
  expect(await keysOf(asked, 1)).toEqual([1, 2]);
  answers.push(...[3, 4, 5, 6].map(ask));
  asked[0]?.answer();
  expect(await keysOf(asked, 2)).toEqual([3, 4, 5]);
  asked[1]?.answer();
  expect(await keysOf(asked, 3)).toEqual([6]);
  asked[2]?.answer();
  expect(await Promise.all(answers)).toEqual(['1', '2', '3', '4', '5', '6']);
});

test('nobody is given an answer that was asked for before they came', async () => {
  const { asked, ask } = slow();
  const first = ask(1);
  await keysOf(asked, 1);
  const second = ask(1);
  asked[0]?.answer();
  await first;
  expect(await keysOf(asked, 2)).toEqual([1]);
  asked[1]?.answer();
  expect(await second).toBe('1');
});

test('a question that fails fails those who asked it, and no other', async () => {
  const { asked, ask } = slow();
  const first = expect(ask(1)).rejects.toThrow('no 1');
  await keysOf(asked, 1);
  const others = Promise.all([ask(2), ask(3)]);
  asked[0]?.fail();
  await first;
  expect(await keysOf(asked, 2)).toEqual([2, 3]);
  asked[1]?.answer();
  expect(await others).toEqual(['2', '3']);
});
