import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';

type NativeFunction = ReturnType<Koffi.LibraryHandle['func']>;

/** Calls into C; undefined where the package has no binary for this platform or was not installed. */
const koffi = loadKoffi();

const functions = new Map<string, NativeFunction | undefined>();
let library: Koffi.LibraryHandle | undefined;

/**
 * A function of the C library by its C prototype, e.g. `int flock(int fd, int operation)`.
 * Undefined when there is no native binding or the library lacks it.
 */
export function libc(signature: string): NativeFunction | undefined {
  if (!functions.has(signature)) functions.set(signature, find(signature));
  return functions.get(signature);
}

/** Whether native calls can be made at all. */
export function hasNative(): boolean {
  return koffi !== undefined;
}

/** Memory of this process at an address; it must stay mapped as long as the buffer is used. */
export function memoryAt(address: bigint, size: number): ArrayBuffer {
  if (koffi === undefined) throw new RangeError('there is no native binding');
  return koffi.view(address, size);
}

function find(signature: string): NativeFunction | undefined {
  try {
    library ??= koffi?.load(null); // the process itself, which has libc loaded
    return library?.func(signature);
  } catch {
    return undefined;
  }
}

function loadKoffi(): typeof Koffi | undefined {
  const require = createRequire(import.meta.url);
  try {
    return loadBinary(require) ?? require('koffi');
  } catch {
    return undefined;
  }
}

/** The package's own search for its binary takes 10 ms: this one lies beside it, and is mostly right. */
function loadBinary(require: NodeJS.Require): typeof Koffi | undefined {
  const { platform, arch } = process;
  const name = `@koromix/koffi-${platform}-${arch}/${platform}_${arch}/koffi.node`;
  try {
    const binary = require.resolve(name);
    return existsSync(`${binary.slice(0, -name.length)}koffi`) ? require(binary) : undefined;
  } catch {
    return undefined; // it lies elsewhere, or is for another C library
  }
}
