import { constants } from 'node:os';

/** The first real-time signal that programs use (signal(7)); C libraries keep the two before it. */
const firstRealTime = 34;
const realTime = /^SIGRTMIN(?:\+(\d+))?$/;

/** Name such as `SIGTERM`, of real-time signals such as `SIGRTMIN+1`. */
export function nameOfSignal(number: number): string {
  const known = Object.entries(constants.signals).find(([, one]) => one === number);
  if (known !== undefined) return known[0];
  return number === firstRealTime ? 'SIGRTMIN' : `SIGRTMIN+${number - firstRealTime}`;
}

/** Undefined for a name that this system lacks. */
export function numberOfSignal(name: string): number | undefined {
  const [matched, above = '0'] = realTime.exec(name) ?? [];
  if (matched !== undefined) return firstRealTime + Number(above);
  return Object.entries(constants.signals).find(([one]) => one === name)?.[1];
}
