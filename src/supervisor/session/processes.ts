import { SynscError } from '../../errors.ts';
import type { ManagedProcess } from '../process/table.ts';
import { readOutput } from './output.ts';
import type { Parts } from './parts.ts';
import { type Caller, type Verbs, whenGone } from './verbs.ts';

type ProcessVerb =
  | 'write'
  | 'closeStdin'
  | 'resize'
  | 'kill'
  | 'wait'
  | 'attach'
  | 'detach'
  | 'ack'
  | 'output'
  | 'list'
  | 'release';

/** The verbs of one process that runs or has ended, and the list of all. */
export function processVerbs(parts: Parts): Pick<Verbs, ProcessVerb> {
  const { processes, attachments, shown } = parts;
  const reach = (processId: string, caller: Caller) =>
    shown.reach(reachProcess(processId, caller, parts), caller);
  return {
    async write({ processId, data, encoding }, caller) {
      await reach(processId, caller).write(Buffer.from(data, encoding ?? 'utf8'));
      return {};
    },
    closeStdin({ processId }, caller) {
      reach(processId, caller).closeStdin();
      return {};
    },
    resize({ processId, columns, rows }, caller) {
      reach(processId, caller).resize(columns, rows);
      return {};
    },
    kill({ processId, signal }, caller) {
      reachProcess(processId, caller, parts).kill(signal);
      return {};
    },
    wait: ({ processId }, caller) => orGone(processes.get(processId).exited, caller),
    attach: ({ processId, ...from }, caller) =>
      attachments.attach(reach(processId, caller), caller, from),
    detach({ processId }, caller) {
      attachments.detach(processes.get(processId), caller);
      return {};
    },
    ack({ processId, offset }, caller) {
      attachments.ack(processes.get(processId), caller, offset);
      return {};
    },
    output: (params, caller) => readOutput(reach(params.processId, caller), params),
    list: () => ({ processes: processes.all().map((one) => one.summary()) }),
    release({ processId }) {
      processes.release(processId);
      return {};
    },
  };
}

/** A process below a command reaches only the tool that it was told to run. */
export function reachProcess(
  processId: string,
  caller: Caller,
  { processes, relays }: Parts,
): ManagedProcess {
  if (caller.role === 'subprocess' && !relays.mayReach(caller, processId)) {
    throw new SynscError('DENIED', 'this process is not for callers of role subprocess');
  }
  return processes.get(processId);
}

function orGone<T>(promise: Promise<T>, caller: Caller): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(new SynscError('SESSION_ENDING', 'the caller left'));
    const stay = whenGone(caller, leave);
    promise.then(resolve, reject).finally(stay);
  });
}
