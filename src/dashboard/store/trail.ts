import { originSetting } from './origin.ts';
import type { Query } from './store.ts';
import { together } from './together.ts';

interface Note {
  readonly user: string;
  readonly action: string;
  readonly target: string;
  readonly outcome: string;
}

/** Rows that are written in one transaction. */
const mostAtOnce = 100;

/** Writes a row of a user's trail, in one trip with what others have to tell at this moment. */
export function trail(ask: Query): (note: Note) => Promise<void> {
  const write = together(async (notes: readonly (Note & { origin: string })[]) => {
    const column = (name: keyof Note | 'origin') => notes.map((note) => note[name]);
    const columns = (['user', 'action', 'target', 'outcome', 'origin'] as const).map(column);
    await ask('notes', columns);
    return columns[0] ?? [];
  }, mostAtOnce);
  return async (note) => void (await write({ ...note, origin: originSetting() }));
}
