// Puts known faults into the sources, one at a time, and runs the tests that have to notice.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureNatsServer } from '../nats-server/index.ts';
import { MUTANTS } from './mutants/index.ts';
import { runSpecs } from './run-specs.ts';
import { SURVIVORS } from './survivors.ts';
import { isFailure, tryMutants } from './try-mutants.ts';
import type { Trial } from './try-mutants.ts';

const root = resolve(import.meta.dirname, '../..');

const USAGE = `usage: npm run mutate [-- OPTION… FILTER…]

  --list    name the mutants and their files, and try none

FILTER is a piece of a mutant's name or of its file's path: only such mutants are tried.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

function say({ name, fate, detail }: Trial): void {
  console.log(`  ${fate.padEnd(20)} ${name}\n  ${' '.repeat(20)}   ${detail}`);
}

async function main(): Promise<number> {
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const chosen = MUTANTS.filter(
    ({ name, file }) =>
      positionals.length === 0 || positionals.some((filter) => name.includes(filter) || file.includes(filter)),
  );
  if (values.list) {
    for (const { name, file } of chosen) console.log(`${name.padEnd(48)} ${file}`);
    return 0;
  }
  if (chosen.length === 0) {
    console.error(`No mutant is like ${positionals.join(' ')}.`);
    return 1;
  }
  ensureNatsServer();
  const trials = await tryMutants(chosen, {
    survivors: SURVIVORS,
    runSpecs: (specs, mutant) => runSpecs(root, specs, mutant),
    onTrial: say,
  });
  const failed = trials.filter(isFailure).length;
  console.log(`\n${trials.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

// The channel to `npm run mutate` closes when that is killed.
process.on('disconnect', () => process.exit(1));

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(`\n${error instanceof Error ? error.message : String(error)}`);
    console.log('\n0 passed, 1 failed');
    process.exit(1);
  },
);
