// Two commits, alternately, with the same load tools, so that what disturbs the machine disturbs both: npm run bench -- --against COMMIT
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { FIGURES } from '../figures.ts';
import type { Figure } from '../figures.ts';
import { BENCH_DIR, makeSource } from '../measure/load.ts';
import { millraceTurnOf } from '../relays/millrace-turn.ts';
import { Recorder } from '../report/recorder.ts';
import type { Result } from '../report/results.ts';
import { measureFigure } from '../run-media.ts';
import { measureAtRate } from '../run-relays.ts';
import type { WithRelay } from '../run-relays.ts';
import { millraceStandaloneOf } from '../servers/millrace-standalone.ts';
import type { WithServer } from '../servers/server.ts';
import { compareSides, formatComparison } from './compare-sides.ts';
import { hasChanges, prepareCommit, shortHash } from './other-commit.ts';

/** Ten runs of each figure are to take less than twenty minutes: windows are shorter than those of the published tables. */
const TIMES = ['--settle-ms', '3000', '--warm-ms', '6000', '--dur-ms', '7000'];
const VIEWERS = [
  '--hlss',
  '100',
  '--hls-poll-ms',
  '1000',
  '--settle-ms',
  '5000',
  '--warm-ms',
  '3000',
  '--dur-ms',
  '7000',
];
const RELAY_MS = 6_000;

const SHORT: Readonly<Record<string, readonly string[]>> = {
  'ingest-hls-1': TIMES,
  'ingest-hls-10': TIMES,
  'ingest-hls-50': TIMES,
  'hls-viewers-100': VIEWERS,
};
const RELAY = 'relay-10k';
export const AGAINST_FIGURES: readonly string[] = [...Object.keys(SHORT), RELAY];

export interface AgainstOptions {
  readonly commit: string;
  readonly runs: number;
  readonly figures: readonly string[];
  readonly withServer: WithServer;
  readonly withRelay: WithRelay;
}

/** @returns the table, which is also written to `bench/results/against.{json,md}` */
export async function measureAgainst({ commit, runs, figures, ...bench }: AgainstOptions): Promise<string> {
  const base = shortHash(commit);
  const now = `${shortHash('HEAD')}${hasChanges() ? '+changes' : ''}`;
  if (base === now) throw new Error(`${commit} is what is checked out here: name another commit`);
  const sides = [
    { name: base, root: prepareCommit(base) },
    { name: now, root: join(BENCH_DIR, '..') },
  ];
  const recorder = new Recorder();
  const source = makeSource();
  let table = '';
  for (let run = 0; run < runs; run++) {
    // The side that goes first changes with every run.
    const order = run % 2 === 0 ? sides : sides.toReversed();
    console.log(`run ${run + 1} of ${runs}: ${order.map(({ name }) => name).join(', then ')}`);
    for (const figure of shortFigures(figures))
      for (const { name, root } of order)
        await measureFigure(millraceStandaloneOf(name, root), figure, { servers: [], source, recorder, ...bench });
    for (const direction of figures.includes(RELAY) ? (['up', 'down'] as const) : [])
      for (const { name, root } of order) {
        const one = { relay: millraceTurnOf(name, root), direction, threads: 1 as const, recorder, ...bench };
        await measureAtRate(one, RELAY_MS);
      }
    // After each run, so that a fault in a later one loses nothing.
    table = write(recorder.results, base, now, run + 1);
  }
  return table;
}

const shortFigures = (names: readonly string[]): Figure[] =>
  FIGURES.flatMap((figure) => {
    const args = SHORT[figure.name];
    return args === undefined || !names.includes(figure.name) ? [] : [{ ...figure, args }];
  });

function write(results: readonly Result[], base: string, now: string, runs: number): string {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`;
  const at = new Date().toISOString();
  const table = formatComparison(compareSides(results, base, now), base, now);
  const folder = join(BENCH_DIR, 'results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'against.json'),
    `${JSON.stringify({ at, machine, base, now, runs, results }, null, 2)}\n`,
  );
  writeFileSync(
    join(folder, 'against.md'),
    `${machine}, ${runs} alternated runs of each, ${at.slice(0, 10)}\n\n${table}\n`,
  );
  return table;
}
