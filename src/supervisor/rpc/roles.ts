import type { Role } from '../../../protocol/session/schemas.ts';
import type { Peer } from '../../platform/peer.ts';

/** The processes that a role is derived from. */
export interface Roots {
  readonly supervisorPid: number;
  readonly uid: number;
  launchedPid(): number | undefined;
  spawnedPids(): Iterable<number>;
  /** The user let this very process in. */
  isPaired(pid: number): boolean;
}

/** pid_max is 2^22, but no real chain of parents comes near this. */
const deepest = 4096;

/**
 * What a peer may do: the first known process among its ancestors decides. An orphan that the
 * session adopted has lost its origin and gets the lesser role. `refuse`: another user.
 */
export function roleOf(
  peer: Peer | undefined,
  roots: Roots,
  parentOf: (pid: number) => number | undefined,
): Role | 'refuse' {
  if (peer === undefined) return 'outside';
  if (peer.uid !== roots.uid) return 'refuse';
  if (peer.pid === roots.supervisorPid) return 'client';
  const spawned = new Set(roots.spawnedPids());
  let pid: number | undefined = peer.pid;
  for (let depth = 0; pid !== undefined && depth < deepest; depth += 1) {
    if (spawned.has(pid)) return 'subprocess';
    if (pid === roots.launchedPid()) return 'client';
    if (pid === roots.supervisorPid) return 'subprocess';
    if (pid <= 1) break;
    pid = parentOf(pid);
  }
  return roots.isPaired(peer.pid) ? 'client' : 'outside';
}
