/** Milliseconds after which a session has loaded what it needs for each command. */
const started = 60_000;

/**
 * Keeps the memory in which V8 makes new objects at a megabyte or a few: it would grow to 48 MB in a session
 * that is asked much, of which nothing gets faster. Not at once, because V8's kept code of a program is good
 * for its flags alone, so that what is loaded later would be compiled anew.
 */
export function keepHeapSmall(): void {
  setTimeout(() => {
    import('node:v8').then(
      ({ setFlagsFromString }) => setFlagsFromString('--semi-space-growth-factor=1'),
      () => undefined, // it stays as large as V8 likes
    );
  }, started).unref();
}
