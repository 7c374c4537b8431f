import { libc, memoryAt } from './native.ts';
import { moveIn } from './pages.ts';

/**
 * Takes a variable out of this process's environment `env`, overwriting it where the kernel put it, so
 * that its value never becomes a string. Undefined when there is none.
 */
export function takeVariable(env: NodeJS.ProcessEnv, name: string): Buffer | undefined {
  const value = overwritten(name) ?? copied(env[name]);
  delete env[name];
  return value;
}

function overwritten(name: string): Buffer | undefined {
  const address: unknown = libc('void *getenv(const char *name)')?.(name);
  const length = libc('size_t strlen(void *text)');
  if (typeof address !== 'bigint' || length === undefined) return undefined;
  return moveIn(Buffer.from(memoryAt(address, Number(length(address)))));
}

/** Without native calls a copy stays where strings are. */
function copied(text: string | undefined): Buffer | undefined {
  return text === undefined ? undefined : moveIn(Buffer.from(text));
}
