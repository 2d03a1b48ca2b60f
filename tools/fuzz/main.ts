// Fuzzes every target for a share of the time. A fault ends with code 1, the input in a file and how to repeat it.
import { createHash, randomInt } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { fuzz, tryInput } from './fuzz.ts';
import type { FuzzFault } from './fuzz.ts';
import { findTargets } from './fuzz-target.ts';
import type { FuzzTarget } from './fuzz-target.ts';

const targets = await findTargets();

const USAGE = `usage: npm run fuzz [-- OPTION…]

  --seconds N      for how long in all (20)
  --target NAME    only this one of ${targets.map(({ name }) => name).join(', ')}
  --seed N         repeat a run (random)
  --input FILE     read this input once, with --target`;

const folder = resolve(import.meta.dirname, '../../test-results/fuzz');

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    target: { type: 'string' },
    seed: { type: 'string' },
    input: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

function report(target: FuzzTarget, seed: number, { input, error }: FuzzFault): void {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${target.name}-${createHash('sha256').update(input).digest('hex').slice(0, 12)}.bin`);
  writeFileSync(file, input);
  console.error(`\n${target.name}: ${error instanceof Error ? error.stack : String(error)}`);
  console.error(
    `\nthe input: ${file}\nrepeat it: npm run fuzz -- --target ${target.name} --input ${file} (seed ${seed})`,
  );
}

function main(): number {
  const chosen = values.target === undefined ? targets : targets.filter(({ name }) => name === values.target);
  const seconds = Number(values.seconds);
  if (values.help || chosen.length === 0 || !(seconds > 0)) {
    console.log(USAGE);
    return values.help ? 0 : 1;
  }
  const [only] = chosen;
  if (values.input !== undefined && only !== undefined) {
    const outcome = tryInput(only, readFileSync(values.input));
    console.log(typeof outcome === 'boolean' ? (outcome ? 'accepted' : 'refused as it should be') : outcome.error);
    return typeof outcome === 'boolean' ? 0 : 1;
  }
  const seed = values.seed === undefined ? randomInt(2 ** 32) : Number(values.seed);
  let failed = false;
  for (const target of chosen) {
    const { inputs, accepted, fault } = fuzz(target, seed, (seconds * 1000) / chosen.length);
    console.log(`  ${target.name.padEnd(24)} ${inputs} inputs, ${accepted} accepted`);
    if (fault !== undefined) {
      report(target, seed, fault);
      failed = true;
    }
  }
  return failed ? 1 : 0;
}

process.exitCode = main();
