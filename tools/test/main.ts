// The test run: set-up, checks, unit tests, fuzzing, end-to-end tests; one closing line and an exit code.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { ensureHelm } from '../go-tools/helm.ts';
import { ensureNatsServer, NATS_SERVER_ADVICE } from '../nats-server/index.ts';
import { PYAV } from '../pyav/index.ts';
import { PYTHON_CLIENT } from '../python-client/index.ts';
import { ensureBuild } from '../setup/build.mjs';
import { failedFiles, failures, replaceFiles } from './report.ts';
import type { VitestReport } from './report.ts';
import { runStep, stopSteps } from './run-step.ts';
import { addTallies, formatTally, NOTHING, tallyOfCheck, tallyOfReport } from './tally.ts';
import type { Tally } from './tally.ts';
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
    // At the same time: each keeps one core busy, and says nothing unless something is wrong. They take what tests leave.
    const tallies = checks.map(([name, script, args]) =>
      timed(name, async () => check(name, await runStep(process.execPath, [script, ...args], { politely: true }))),
    );
    return (await Promise.all(tallies)).reduce(addTallies);
  },
  unit: (filters) => vitest('unit', filters, []),
  fuzz: async () => check('fuzz', await runStep(process.execPath, [join(root, 'tools/fuzz/main.ts')])),
  e2e: (filters) => vitest('e2e', filters, ['--config', 'e2e/vitest.config.ts']),
};

/** So many files that fail are run a second time; more are no accident. */
const MAX_FILES_AGAIN = 5;

/** A line for each test that failed, and for each that did not when it was run again: said once more at the end. */
const failed: string[] = [];
const unsteady: string[] = [];

/**
 * A file in which something fails is run once more, with the machine to itself: a failure that stays is one, whatever else
 * was going on. What passes only then is named at the end, to be looked into.
 */
async function vitest(name: string, filters: readonly string[], options: readonly string[]): Promise<Tally> {
  const [first, code] = await runVitest(name, filters, options);
  const files = first === undefined ? [] : failedFiles(first);
  if (first === undefined || files.length === 0 || files.length > MAX_FILES_AGAIN) return conclude(first, code);
  console.log(`\n== ${name}, again: ${files.map((file) => relative(root, file)).join(', ')}`);
  const [again, codeAgain] = await runVitest(`${name}-again`, files, [...options, '--maxWorkers=1']);
  if (again === undefined) return conclude(first, code);
  const stays = new Set(failures(again, root).map(titleOf));
  unsteady.push(...failures(first, root).filter((line) => !stays.has(titleOf(line))));
  return conclude(replaceFiles(first, again), codeAgain);
}

function check(name: string, code: number): Tally {
  if (code !== 0) failed.push(`${name}: exit code ${code}`);
  return tallyOfCheck(code);
}

const titleOf = (failure: string): string => failure.split('\n', 1)[0] ?? '';

function conclude(report: VitestReport | undefined, code: number): Tally {
  if (report !== undefined) failed.push(...failures(report, root));
  return tallyOfReport(report, code);
}

async function runVitest(
  name: string,
  filters: readonly string[],
  options: readonly string[],
): Promise<[VitestReport | undefined, number]> {
  const file = join(results, `${name}.json`);
  rmSync(file, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const empty = filters.length > 0 ? ['--passWithNoTests'] : [];
  const args = [bin('vitest/vitest.mjs'), 'run', ...options, ...reporters, ...empty, ...filters];
  const code = await runStep(process.execPath, args);
  return [existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as VitestReport) : undefined, code];
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
    if (!ensureNatsServer()) throw new Error(NATS_SERVER_ADVICE);
    PYTHON_CLIENT.ensure();
    PYAV.ensure();
    await ensureHelm();
    await ensureBuild(root, process.execPath);
  });
  const chosen: readonly Part[] = named.length > 0 ? named : all;
  const run = (part: Part): Promise<Tally> => timed(part, () => parts[part](filters));
  // The checks, which only compute, run beside everything else, which mostly waits.
  const checked = chosen.includes('check') ? run('check') : NOTHING;
  let tally = NOTHING;
  for (const part of chosen) if (part !== 'check') tally = addTallies(tally, await run(part));
  tally = addTallies(tally, await checked);
  if (tally.passed + tally.failed === 0) console.error(`\nNo test is in a file like ${filters.join(' ')}.`);
  list('Failed', failed);
  list('Failed at first, and passed when run again', unsteady);
  console.log(`\n${formatTally(tally)}`);
  return tally.failed === 0 && tally.passed > 0 ? 0 : 1;
}

function list(title: string, lines: readonly string[]): void {
  if (lines.length > 0) console.log(`\n${title}:\n${lines.map((line) => `  ${line}`).join('\n')}`);
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
