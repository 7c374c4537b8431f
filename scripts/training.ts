/**
 * Runs before a program of dist/, with the directory of its compiled code in TRAINING: at its end it writes
 * what V8 has compiled of each file by then, together with what was there before.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import vm, { type ScriptOptions } from 'node:vm';

const directory = process.env.TRAINING ?? '';
delete process.env.TRAINING;
const scripts = new Map<string, vm.Script>();

class RecordedScript extends vm.Script {
  constructor(code: string, options: ScriptOptions & { readonly filename: string }) {
    super(code, options);
    scripts.set(path.basename(options.filename), this);
  }
}
Object.assign(vm, { Script: RecordedScript });

process.on('exit', () => {
  mkdirSync(directory, { recursive: true });
  for (const [name, script] of scripts) {
    writeFileSync(path.join(directory, name), script.createCachedData());
  }
});
