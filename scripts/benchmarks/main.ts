/** `scripts/bench NAME`: runs one benchmark of this folder; without a name it lists them. */
import { readdirSync } from 'node:fs';

const names = readdirSync(import.meta.dirname)
  .map((file) => file.replace(/\.ts$/, ''))
  .filter((name) => name !== 'main' && name !== 'support');
const [name = ''] = process.argv.slice(2);
if (names.includes(name)) {
  const { run } = (await import(`./${name}.ts`)) as { run: () => Promise<void> };
  await run();
} else {
  console.error(`usage: scripts/bench ${names.join('|')}`);
  process.exitCode = 2;
}
