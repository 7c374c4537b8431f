import type { Socket } from 'node:net';
import type { Role } from '../../../protocol/session/schemas.ts';
import { originOf, peerOf, startTimeOf } from '../../platform/peer.ts';

/** What the peer of a connection may do; `refuse` closes it. */
export type RoleFor = (socket: Socket) => Role | 'refuse';

/** The process at the other end of a connection, as the kernel attests it. */
export class Remote {
  readonly pid: number | undefined;
  /** The same for two connections of one process, and for no later process with its pid. */
  readonly origin: string | undefined;
  readonly #socket: Socket;
  readonly #roleFor: RoleFor;
  #role: Role;

  constructor(socket: Socket, role: Role, roleFor: RoleFor) {
    this.#socket = socket;
    this.#role = role;
    this.#roleFor = roleFor;
    this.pid = peerOf(socket)?.pid;
    this.origin = this.pid === undefined ? undefined : originOf(this.pid);
  }

  /**
   * A process from outside may have been paired since it connected. Not one that has ended: its number may
   * be that of a process of the session by now, while another one holds its connection.
   */
  get role(): Role {
    if (this.#role !== 'outside' || this.#socket.destroyed || !this.#isThere()) return this.#role;
    const now = this.#roleFor(this.#socket);
    if (now !== 'refuse') this.#role = now;
    return this.#role;
  }

  #isThere(): boolean {
    const { pid } = this;
    return pid !== undefined && startTimeOf(pid) !== undefined && originOf(pid) === this.origin;
  }
}
