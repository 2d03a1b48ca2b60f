// Tries mutants of `divide.ts`, and writes what became of each as JSON: a process of its own for the runner's tests.
import { resolve } from 'node:path';
import type { Mutant } from '../mutant.ts';
import { runSpecs } from '../run-specs.ts';
import { tryMutants } from '../try-mutants.ts';

const root = resolve(import.meta.dirname, '../../..');
const file = 'tools/mutate/testing/divide.ts';
const specs = ['tools/mutate/testing/divide.spec.ts'];
const unchecked = { file, find: 'divisor === 0', replace: 'false', specs };
const wrong = { file, find: 'dividend / divisor', replace: 'dividend * divisor', specs };

const MUTANTS: readonly Mutant[] = [
  { name: 'wrong', ...wrong },
  { name: 'unchecked', ...unchecked },
  { name: 'unchecked-and-known', ...unchecked },
  { name: 'wrong-and-known', ...wrong },
  { name: 'text-is-gone', ...wrong, find: 'dividend % divisor' },
  { name: 'text-is-there-twice', ...wrong, find: 'divisor' },
  { name: 'no-module-any-more', ...wrong, replace: 'dividend /' },
  { name: 'file-is-not-loaded', ...wrong, file: 'tools/mutate/survivors.ts', find: '[]', replace: '[0]' },
  { name: 'spec-is-gone', ...wrong, specs: [...specs, 'tools/mutate/testing/gone.spec.ts'] },
];

const survivors = ['unchecked-and-known', 'wrong-and-known'].map((name) => ({ name, reason: 'for the test' }));
const trials = await tryMutants(MUTANTS, {
  survivors,
  // The table's faults are judged one by one, so the run before the mutants has the spec that exists.
  runSpecs: (chosen, mutant) => runSpecs(root, mutant ? chosen : specs, mutant),
  onTrial: () => undefined,
});
process.stdout.write(JSON.stringify(trials), () => process.exit(0));
