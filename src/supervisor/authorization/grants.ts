import { randomBytes } from 'node:crypto';

/** Milliseconds that an approval waits for its call. */
const lifetime = 60_000;

/** One call, exactly as the user saw it, by the one who asked. */
export interface Call {
  readonly asker: symbol | string;
  readonly command?: string | undefined;
  readonly argv?: readonly string[] | undefined;
  readonly cwd: string;
}

interface Grant {
  readonly asker: symbol | string;
  readonly call: string;
  readonly names: readonly string[];
  readonly expires: number;
}

/** What the user has approved and nobody has used yet. Each grant is good for one call. */
export class Grants {
  readonly #grants = new Map<string, Grant>();

  /** Notes an approval and returns its id. `now`: milliseconds of `platform/clock.ts`. */
  give(call: Call, names: readonly string[], now: number): string {
    const id = randomBytes(9).toString('base64url');
    this.#grants.set(id, {
      asker: call.asker,
      call: keyOf(call),
      names: [...names].sort(),
      expires: now + lifetime,
    });
    return id;
  }

  /** Uses up the approval of just this call and just these names; false when there is none. */
  take(call: Call, names: readonly string[], now: number): boolean {
    const wanted = [...names].sort().join();
    for (const [id, grant] of this.#grants) {
      if (grant.expires <= now) this.#grants.delete(id);
      else if (
        grant.asker === call.asker &&
        grant.call === keyOf(call) &&
        grant.names.join() === wanted
      ) {
        this.#grants.delete(id);
        return true;
      }
    }
    return false;
  }
}

function keyOf({ command, argv, cwd }: Call): string {
  return JSON.stringify([command ?? null, argv ?? null, cwd]);
}
