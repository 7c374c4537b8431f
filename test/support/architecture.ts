import path from 'node:path';

/** Path from the repository's root, with `/`, → text. */
export type Sources = Readonly<Record<string, string>>;

interface Import {
  readonly file: string;
  /** A path from the root when it is ours, else the name of a package. */
  readonly target: string;
}

const importForms = [
  /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^\s*import\s*['"]([^'"]+)['"]/gm,
  /\bimport\(\s*['"]([^'"]+)['"]/g,
  /\brequire\(\s*['"]([^'"]+)['"]/g,
];

/** Every import of every form; comments are blanked first. */
export function importsOf(sources: Sources): Import[] {
  return Object.entries(sources).flatMap(([file, text]) => {
    const code = withoutComments(text);
    const names = importForms.flatMap((form) =>
      [...code.matchAll(form)].map((hit) => hit[1] ?? ''),
    );
    return names.map((name) => ({ file, target: resolve(file, name) }));
  });
}

const loadingForms = [
  /^\s*(?:import|export)\s+(?!type\b)[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^\s*import\s*['"]([^'"]+)['"]/gm,
];

/** Packages that are loaded with a file: types are no code, and `import()` comes later, if at all. */
export function packagesLoadedWith(sources: Sources, file: string): string[] {
  const files = new Set([file]);
  const packages = new Set<string>();
  for (const one of files) {
    const code = withoutComments(sources[one] ?? '');
    const names = loadingForms.flatMap((form) =>
      [...code.matchAll(form)].map((hit) => hit[1] ?? ''),
    );
    for (const target of names.map((name) => resolve(one, name))) {
      if (target in sources) files.add(target);
      else if (!target.startsWith('node:')) packages.add(target);
    }
  }
  return [...packages].toSorted();
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

function resolve(file: string, name: string): string {
  if (name.startsWith('.')) return path.posix.join(path.posix.dirname(file), name);
  if (name.startsWith('node:')) return name;
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The longest of `rooms` that `file` lies in. */
function roomOf(file: string, rooms: readonly string[]): string | undefined {
  return rooms
    .filter((room) => file === room || file.startsWith(`${room}/`))
    .toSorted((a, b) => b.length - a.length)[0];
}

/** Imports from one room into another that `doors` does not list. */
export function closedDoors(
  sources: Sources,
  doors: Readonly<Record<string, readonly string[]>>,
): string[] {
  const rooms = Object.keys(doors);
  const wrong = [];
  for (const { file, target } of importsOf(sources)) {
    if (!/^(src|protocol|test|scripts)\//.test(target)) continue;
    const from = roomOf(file, rooms);
    const to = roomOf(target, rooms);
    if (from === undefined) wrong.push(`${file}: in no room`);
    else if (to === undefined) wrong.push(`${file} → ${target}: in no room`);
    else if (from !== to && !isOpen(doors[from] ?? [], to, target))
      wrong.push(`${file} → ${target}`);
  }
  return wrong;
}

function isOpen(allowed: readonly string[], room: string, target: string): boolean {
  return allowed.includes(room) || allowed.includes(target);
}

/** Imports of a package outside the paths that `owners` gives it. */
export function strayPackages(
  sources: Sources,
  owners: Readonly<Record<string, readonly string[]>>,
): string[] {
  return importsOf(sources)
    .filter(({ file, target }) => {
      const allowed = owners[target];
      return allowed !== undefined && !isUnder(file, allowed);
    })
    .map(({ file, target }) => `${file} → ${target}`);
}

/** Files outside `allowed` whose code matches `pattern`. */
export function strayUses(sources: Sources, pattern: RegExp, allowed: readonly string[]): string[] {
  return Object.entries(sources)
    .filter(([file, text]) => pattern.test(withoutComments(text)) && !isUnder(file, allowed))
    .map(([file]) => file);
}

function isUnder(file: string, paths: readonly string[]): boolean {
  return paths.some((allowed) => file === allowed || file.startsWith(`${allowed}/`));
}

/** A circle in `doors`, as the rooms on it, or undefined. */
export function circle(doors: Readonly<Record<string, readonly string[]>>): string[] | undefined {
  const done = new Set<string>();
  const visit = (room: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(room)) return [...trail.slice(trail.indexOf(room)), room];
    if (done.has(room)) return undefined;
    for (const next of doors[room] ?? []) {
      const found = visit(next, [...trail, room]);
      if (found !== undefined) return found;
    }
    done.add(room);
    return undefined;
  };
  for (const room of Object.keys(doors)) {
    const found = visit(room, []);
    if (found !== undefined) return found;
  }
  return undefined;
}
