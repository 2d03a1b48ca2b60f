// `npm run chaos`: injects real faults into a cluster on this machine and counts every frame; writes docs/survived.md.
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureNatsServer, NATS_SERVER_ADVICE } from '../nats-server/index.ts';
import { CLUSTER_PROGRAMS, ensureTestPrograms } from '../test/test-programs.ts';
import { ChaosCluster } from './chaos-cluster.ts';
import { FAULTS, faultNamed } from './faults.ts';
import { readClip } from './numbered-clip.ts';
import { runFault } from './run-fault.ts';
import type { RunResult } from './run-fault.ts';
import { MAX_SEED, planRuns } from './schedule.ts';
import { formatSurvivedPage, notRunBecause, survivedTable } from './survived-page.ts';

const root = resolve(import.meta.dirname, '../..');
const page = join(root, 'docs/survived.md');
const clipFile = join(root, 'media/bbb-h264-aac.flv');

const USAGE = `usage: npm run chaos [-- OPTION…]

Runs a cluster as processes of this machine, injects real faults while numbered frames are published, and compares every frame
with what viewers got. Writes docs/survived.md, unless --fault or --no-page is given. Fails when a fault cost more than is
documented, and when the comparer does not find what is damaged on purpose.

  --runs N        how many faults are injected, all kinds in turn (${FAULTS.length}: each once)
  --seed N        repeats a schedule (random)
  --fault NAME    only this fault; may be given several times
  --streams N     how many streams each run publishes (3)
  --no-page       leave docs/survived.md as it is
  --list          name the faults, and inject none
  -h, --help      show this`;

const MAX_STREAMS = 8;

function readOptions() {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string' },
      seed: { type: 'string' },
      fault: { type: 'string', multiple: true, default: [] },
      streams: { type: 'string', default: '3' },
      'no-page': { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const faults = values.fault.length === 0 ? FAULTS : values.fault.map(faultNamed);
  return {
    help: values.help,
    list: values.list,
    faults,
    writesPage: !values['no-page'] && values.fault.length === 0,
    runs: values.runs === undefined ? faults.length : wholeNumber('--runs', values.runs, 1, 100_000),
    seed: values.seed === undefined ? randomInt(MAX_SEED) : wholeNumber('--seed', values.seed, 0, MAX_SEED - 1),
    streams: wholeNumber('--streams', values.streams, 1, MAX_STREAMS),
  };
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`${name} must be a whole number from ${least} to ${most}`);
}

function say({ run, streams, broken }: RunResult): void {
  const total = (of: (stream: (typeof streams)[number]) => number): number =>
    streams.reduce((sum, s) => sum + of(s), 0);
  const gapMs = Math.max(0, ...streams.map(({ longestGapMs }) => longestGapMs));
  const counts = `${total((s) => s.published)} frames, ${total((s) => s.lost.length)} lost, ${total((s) => s.repeated.length)} repeated`;
  console.log(
    `  ${run.fault.name.padEnd(28)} ${counts}, longest gap ${(gapMs / 1000).toFixed(1)} s  (seed ${run.seed})`,
  );
  for (const { lostAgesMs } of streams) {
    const ages = lostAgesMs.map((ms) => ms.toFixed(0)).join(', ');
    if (ages !== '') console.log(`    lost were sent so many ms before the encoder was cut off: ${ages}`);
  }
  for (const words of broken) console.log(`    NOT AS DOCUMENTED: ${words}`);
}

async function main(): Promise<number> {
  const { help, list, faults, runs, seed, streams, writesPage } = readOptions();
  if (help) {
    console.log(USAGE);
    return 0;
  }
  if (list) {
    for (const { name, what } of FAULTS) console.log(`${name.padEnd(30)} ${what}`);
    return 0;
  }
  await ensureTestPrograms(CLUSTER_PROGRAMS);
  if (!ensureNatsServer()) console.warn(`Warning: ${NATS_SERVER_ADVICE}. Going on with what this machine has.`);
  const planned = planRuns(seed, runs, faults);
  console.log(`Starting a cluster; ${runs} runs of ${streams} streams, seed ${seed}`);
  const starting = ChaosCluster.start([...new Set(faults.flatMap(({ needs }) => needs ?? []))]);
  let stopping: Promise<void> | undefined;
  // What has begun to start is stopped as a whole: a disk or a network that is left behind would stay.
  const stop = (): Promise<void> => (stopping ??= starting.then((started) => started.stop()));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => void stop().then(() => process.exit(130)));
  // The channel to `npm run chaos` closes when that is killed.
  process.on('disconnect', () => void stop().then(() => process.exit(1)));
  const chaos = await starting;
  const results: RunResult[] = [];
  const notRun = notRunBecause(faults, chaos.missing);
  const clip = readClip(clipFile);
  try {
    for (const run of planned) {
      if (notRun.has(run.fault)) continue;
      const result = await runFault(chaos, run, { clip, streams });
      results.push(result);
      say(result);
      if (chaos.dead.length > 0) throw new Error(`${chaos.dead.join(', ')} ended and was not started again`);
    }
  } finally {
    await stop();
  }
  for (const [fault, why] of notRun) console.log(`  ${fault.name.padEnd(28)} not run: ${why}`);
  console.log(`\n${survivedTable(results)}`);
  if (writesPage) {
    const facts = { seed, commit: commitOf(), machine: machineOf(), date: new Date(), streamsPerRun: streams, notRun };
    writeFileSync(page, await formatSurvivedPage(results, facts));
    console.log('\nWrote docs/survived.md');
  }
  const failed = results.filter(({ broken }) => broken.length > 0).length;
  console.log(`\n${results.length - failed} passed, ${failed} failed`);
  return failed === 0 && results.length > 0 ? 0 : 1;
}

function commitOf(): string {
  const git = (...args: string[]): string =>
    spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout?.trim() ?? '';
  const commit = git('rev-parse', '--short=12', 'HEAD');
  if (commit === '') return 'unknown';
  return git('status', '--porcelain') === '' ? commit : `${commit}, with changes`;
}

function machineOf(): string {
  const gib = (totalmem() / 1024 ** 3).toFixed(0);
  const cpu = cpus()[0]?.model.trim() ?? 'unknown CPU';
  return `${availableParallelism()} cores (${cpu}), ${gib} GiB, ${process.platform} ${release()}, Node.js ${process.version}`;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(`\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    console.log('\n0 passed, 1 failed');
    process.exit(1);
  },
);
