import type { Decision } from '../../../protocol/session/decision.ts';
import type { ExitStatus } from '../../../protocol/session/schemas.ts';
import { SynscError } from '../../errors.ts';
import type { ManagedProcess } from '../process/table.ts';
import { Follower, type Sink } from './follow.ts';
import type { Parts } from './parts.ts';
import { reachProcess } from './processes.ts';
import type { Caller } from './verbs.ts';

/** How a process ended, as its stream tells. */
interface StreamEnd extends ExitStatus {
  readonly redactions: number;
  readonly decisions: readonly Decision[];
}

/** One process, joined with a connection of its own. */
export interface Stream
  extends Pick<ManagedProcess, 'write' | 'closeStdin' | 'resize' | 'kill'>,
    Pick<Follower, 'start' | 'ack' | 'stop'> {
  /** Offset of the first byte that is sent. */
  readonly offset: number;
  readonly ending: () => StreamEnd;
}

export type OpenStream = (
  processId: string,
  fromOffset: number,
  caller: Caller,
  sink: Sink,
) => Stream;

/** Opens streams of a session's processes. Throws NO_SUCH_PROCESS and DENIED. */
export function createStreams(parts: Parts): OpenStream {
  const { attachments, commands } = parts;
  return (processId, fromOffset, caller, sink) => {
    if (caller.role !== 'subprocess' && caller.role !== 'client' && caller.role !== 'owner') {
      throw new SynscError('DENIED', `streams are not for callers of role ${caller.role}`);
    }
    const process = parts.shown.reach(reachProcess(processId, caller, parts), caller);
    const { log } = process;
    const owner = attachments.ownsStream(process, caller);
    const follower = new Follower(process, sink, { fromOffset, owner });
    return {
      offset: Math.min(Math.max(fromOffset, log.start), log.end),
      start() {
        if (owner) process.resume(); // it waited for its stream
        follower.start();
      },
      stop: () => follower.stop(),
      ack: (offset) => follower.ack(offset),
      write: (bytes) => process.write(bytes),
      closeStdin: () => process.closeStdin(),
      resize: (columns, rows) => process.resize(columns, rows),
      kill: (signal) => process.kill(signal),
      ending: () => ({
        ...(process.status ?? { exitCode: null, signal: null }),
        redactions: process.redactions,
        decisions: commands.decisions(process),
      }),
    };
  };
}
