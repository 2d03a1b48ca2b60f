// The test run: set-up, checks, unit tests, fuzzing, end-to-end tests; one closing line and an exit code.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ensureBuild } from '../setup/build.mjs';
import { runStep, stopSteps } from './run-step.ts';
import { addTallies, formatTally, NOTHING, tallyOfCheck, tallyOfReport } from './tally.ts';
import type { Tally, VitestReport } from './tally.ts';
import { ensureTestPrograms } from './test-programs.ts';

const root = resolve(import.meta.dirname, '../..');
const results = join(root, 'test-results');
const bin = (name: string): string => join(root, 'node_modules', name);

const USAGE = `usage: npm test [-- PART… [FILTER…]]

PART is one of check, unit, fuzz, e2e; all of them when none is named.
FILTER is a piece of a test file's path: only such files are run, in the parts unit and e2e.`;

type Part = 'check' | 'unit' | 'fuzz' | 'e2e';

const parts: Readonly<Record<Part, (filters: readonly string[]) => Promise<Tally>>> = {
  async check() {
    const checks: readonly (readonly [string, string, readonly string[]])[] = [
      ['types', bin('@typescript/native/bin/tsc'), ['-b']],
      ['lint', bin('eslint/bin/eslint.js'), ['.', '--max-warnings', '0']],
      ['format', bin('prettier/bin/prettier.cjs'), ['--check', '--log-level=warn', '.']],
    ];
    // At the same time: each keeps one core busy, and says nothing unless something is wrong.
    const tallies = checks.map(([name, script, args]) =>
      timed(name, async () => tallyOfCheck(await runStep(process.execPath, [script, ...args]))),
    );
    return (await Promise.all(tallies)).reduce(addTallies);
  },
  unit: (filters) => vitest('unit', filters, []),
  fuzz: async () => tallyOfCheck(await runStep(process.execPath, [join(root, 'tools/fuzz/main.ts')])),
  e2e: (filters) => vitest('e2e', filters, ['--config', 'e2e/vitest.config.ts']),
};

async function vitest(name: string, filters: readonly string[], options: readonly string[]): Promise<Tally> {
  const file = join(results, `${name}.json`);
  rmSync(file, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const empty = filters.length > 0 ? ['--passWithNoTests'] : [];
  const args = [bin('vitest/vitest.mjs'), 'run', ...options, ...reporters, ...empty, ...filters];
  const code = await runStep(process.execPath, args);
  const report = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as VitestReport) : undefined;
  return tallyOfReport(report, code);
}

async function timed<T>(name: string, run: () => Promise<T>): Promise<T> {
  console.log(`\n== ${name}`);
  const startedAt = performance.now();
  const result = await run();
  console.log(`== ${name}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  return result;
}

async function main(words: readonly string[]): Promise<number> {
  if (words.some((word) => word === '--help' || word === '-h')) {
    console.log(USAGE);
    return 0;
  }
  const named = words.filter((word): word is Part => word in parts);
  const filters = words.filter((word) => !(word in parts));
  const all = filters.length > 0 ? (['unit', 'e2e'] as const) : (Object.keys(parts) as Part[]);
  mkdirSync(results, { recursive: true });
  await timed('set-up', async () => {
    await ensureTestPrograms();
    await ensureBuild(root, process.execPath);
  });
  let tally = NOTHING;
  for (const part of named.length > 0 ? named : all) {
    tally = addTallies(tally, await timed(part, () => parts[part](filters)));
  }
  if (tally.passed + tally.failed === 0) console.error(`\nNo test is in a file like ${filters.join(' ')}.`);
  console.log(`\n${formatTally(tally)}`);
  return tally.failed === 0 && tally.passed > 0 ? 0 : 1;
}

// The channel to `npm test` closes when that is killed.
process.on('disconnect', () => {
  stopSteps();
  process.exit(1);
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    stopSteps();
    process.exit(130);
  });

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(`\n${error instanceof Error ? error.message : String(error)}`);
    console.log(`\n${formatTally(tallyOfCheck(1))}`);
    process.exit(1);
  },
);
