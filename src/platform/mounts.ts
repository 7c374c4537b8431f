import { readFileSync } from 'node:fs';

/** Whether programs in a directory can be started: its file system is not mounted `noexec`. */
export function allowsExec(directory: string): boolean {
  const mounts = mountTable().filter(({ place }) => within(directory, place));
  const nearest = mounts.toSorted((a, b) => a.place.length - b.place.length).at(-1);
  return !(nearest?.options.includes('noexec') ?? false);
}

/** proc(5), /proc/self/mounts: device, place, type, options; blanks in a place as `\040`. */
function mountTable(): { place: string; options: string[] }[] {
  try {
    return readFileSync('/proc/self/mounts', 'utf8')
      .trim()
      .split('\n')
      .map((line) => {
        const [, place = '', , options = ''] = line.split(' ');
        return { place: place.replaceAll('\\040', ' '), options: options.split(',') };
      });
  } catch {
    return []; // no such file on this system
  }
}

function within(directory: string, place: string): boolean {
  return directory === place || directory.startsWith(place.replace(/\/?$/, '/'));
}
