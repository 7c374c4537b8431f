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
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('the first is asked for at once, and what comes meanwhile together after it', async () => {
  const { asked, ask } = slow();
  const answers = Promise.all([1, 2, 3, 4, 5].map(ask));
  expect(asked.map(({ keys }) => keys)).toEqual([[1]]);
  asked[0]?.answer();
  await turn();
  expect(asked[1]?.keys).toEqual([2, 3, 4]);
  asked[1]?.answer();
  await turn();
  asked[2]?.answer();
  expect(await answers).toEqual(['1', '2', '3', '4', '5']);
});

test('a question that fails fails those who asked it, and no other', async () => {
  const { asked, ask } = slow();
  const first = ask(1);
  const others = Promise.all([ask(2), ask(3)]);
  asked[0]?.fail();
  await expect(first).rejects.toThrow('no 1');
  await turn();
  asked[1]?.answer();
  expect(await others).toEqual(['2', '3']);
});
