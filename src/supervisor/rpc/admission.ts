import type { Socket } from 'node:net';
import type { Role } from '../../../protocol/session/schemas.ts';

/** Who is at the other end, as far as it counts here. */
interface Guest {
  readonly role: Role;
  readonly origin: string | undefined;
}

/**
 * Who may connect: so many connections a role. Where a role's share is used up, the process that has most
 * of it gives its latest one to a process that has fewer, so that none can lock another out.
 */
export class Admission {
  readonly #limits: Readonly<Record<Role, number>>;
  /** In the order in which they came. */
  readonly #guests = new Map<Socket, Guest>();

  constructor(limits: Readonly<Record<Role, number>>) {
    this.#limits = limits;
  }

  /** False: there is no place for it. */
  admit(socket: Socket, { role, origin }: Guest): boolean {
    const same = [...this.#guests].filter(([, guest]) => guest.role === role);
    if (same.length >= this.#limits[role]) {
      const counts = countsOf(same.map(([, guest]) => guest.origin));
      const [greedy, most] = greatestOf(counts);
      if (most <= (counts.get(origin) ?? 0) + 1) return false;
      same.findLast(([, guest]) => guest.origin === greedy)?.[0].destroy();
    }
    this.#guests.set(socket, { role, origin });
    socket.once('close', () => void this.#guests.delete(socket));
    return true;
  }

  sockets(): Socket[] {
    return [...this.#guests.keys()];
  }
}

function countsOf(origins: readonly (string | undefined)[]): Map<string | undefined, number> {
  const counts = new Map<string | undefined, number>();
  for (const origin of origins) counts.set(origin, (counts.get(origin) ?? 0) + 1);
  return counts;
}

function greatestOf(counts: ReadonlyMap<string | undefined, number>) {
  return [...counts].reduce((most, one) => (one[1] > most[1] ? one : most), [
    undefined,
    0,
  ] as const);
}
