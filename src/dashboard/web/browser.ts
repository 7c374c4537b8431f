const programs: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['Edge', /\bEdg\//],
  ['Opera', /\bOPR\//],
  ['Firefox', /\bFirefox\//],
  ['Chrome', /\b(Headless)?Chrome\//],
  ['Safari', /\bSafari\//],
  ['curl', /^curl\//],
];

const systems: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['iPhone', /\biPhone\b/],
  ['iPad', /\biPad\b/],
  ['Android', /\bAndroid\b/],
  ['ChromeOS', /\bCrOS\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\bMac OS X\b/],
  ['Linux', /\bLinux\b/],
];

/** A User-Agent in words: `Firefox on Linux`. The order counts: most browsers also name others. */
export function browserName(agent: string): string {
  const find = (table: typeof programs) => table.find(([, pattern]) => pattern.test(agent))?.[0];
  const program = find(programs) ?? 'Unknown browser';
  const system = find(systems);
  return system ? `${program} on ${system}` : program;
}
