import { closeSync, openSync, readSync } from 'node:fs';

/** Bytes that tell for which machine an ELF file is (elf(5)): e_ident to its version, and e_machine. */
const headSize = 20;
let own: string | undefined;

/**
 * Whether the kernel runs a file by itself: a script that names its interpreter, or a program for this
 * machine. Of anything else, a shell knows whether it is a script.
 */
export function runsByItself(file: string): boolean {
  const head = headOf(file);
  if (head.startsWith('#!')) return true;
  own ??= headOf(process.execPath);
  return kindOf(head) === kindOf(own) && own.length === headSize;
}

function kindOf(head: string): string {
  return head.slice(0, 7) + head.slice(18);
}

/** As Latin-1; empty when it can't be read. */
function headOf(file: string): string {
  let fd: number | undefined;
  try {
    fd = openSync(file, 'r');
    const head = Buffer.alloc(headSize);
    return head.toString('latin1', 0, readSync(fd, head, 0, headSize, 0));
  } catch {
    return '';
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
