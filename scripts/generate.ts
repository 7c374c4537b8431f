/**
 * Writes what is made from tables of the source. `--check`: writes nothing, exits 1 when a file is stale.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openrpc } from './generated/openrpc.ts';
import { policyManual } from './generated/policy.ts';

const files = { 'protocol/openrpc.json': openrpc(), 'protocol/POLICY.md': policyManual() };

for (const [name, text] of Object.entries(files)) {
  const file = path.join(import.meta.dirname, '..', name);
  if (!process.argv.includes('--check')) writeFileSync(file, text);
  else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
    console.error(`${name} is stale: run \`npm run generate\``);
    process.exitCode = 1;
  }
}
