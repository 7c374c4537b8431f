import type { Socket } from 'node:net';
import type { Role } from '../../../protocol/session/schemas.ts';
import { originOf, peerOf } from '../../platform/peer.ts';

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

  /** A process from outside may have been paired since it connected. */
  get role(): Role {
    if (this.#role !== 'outside' || this.#socket.destroyed) return this.#role;
    const now = this.#roleFor(this.#socket);
    if (now !== 'refuse') this.#role = now;
    return this.#role;
  }
}
