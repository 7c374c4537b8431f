import { accessSync, closeSync, constants, openSync, readSync } from 'node:fs';

/** elf(5): the magic number, and where the field for the machine ends. */
const elf = Buffer.from('\x7fELF');
const machine = { from: 18, to: 20 };

/** What every program of this machine begins with, as the one that runs here does. */
let own: Buffer | undefined;

/**
 * Whether the kernel can start a file: a program for this machine, or a script that names its
 * interpreter. Any other is a shell's to judge.
 */
export function runsByItself(file: string): boolean {
  const head = headOf(file);
  if (head.toString('latin1', 0, 2) === '#!') return true;
  own ??= headOf('/proc/self/exe');
  return head.subarray(0, 4).equals(elf) && machineOf(head).equals(machineOf(own));
}

/** Whether this user may run a file, or enter a directory. */
export function mayExecute(place: string): boolean {
  try {
    accessSync(place, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function machineOf(head: Buffer): Buffer {
  return head.subarray(machine.from, machine.to);
}

/** Empty when it can't be read: it may still be run. */
function headOf(file: string): Buffer {
  let fd: number | undefined;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK); // never waits for a FIFO
    const head = Buffer.alloc(machine.to);
    return head.subarray(0, readSync(fd, head, 0, head.length, 0));
  } catch {
    return Buffer.alloc(0);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
