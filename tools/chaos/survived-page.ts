// docs/survived.md: what `npm run chaos` found. It carries a checksum, so that a change by hand is noticed.
import { createHash } from 'node:crypto';
import { format } from 'prettier';
import type { Means } from './chaos-cluster.ts';
import { FAULTS } from './faults.ts';
import type { Fault } from './faults.ts';
import type { RunResult } from './run-fault.ts';

export interface SurveyFacts {
  readonly seed: number;
  readonly commit: string;
  readonly machine: string;
  readonly date: Date;
  readonly streamsPerRun: number;
  /** Faults that were not injected, and why. */
  readonly notRun: ReadonlyMap<Fault, string>;
}

const FIRST_LINE = '<!-- Written by `npm run chaos`, and by nothing else: a test compares the checksum below. -->';
const CHECKSUM = /\n<!-- sha256 of everything above: ([0-9a-f]{64}) -->\n$/;

/** The table, one line for each fault in the order of `FAULTS`, and a last one for all of them. */
export function survivedTable(results: readonly RunResult[]): string {
  const rows = FAULTS.filter((fault) => results.some(({ run }) => run.fault === fault)).map((fault) =>
    rowOf(
      `${fault.what} (\`${fault.name}\`)`,
      results.filter(({ run }) => run.fault === fault),
    ),
  );
  return [
    '| Fault | Runs | Frames | Lost | Repeated | Came back | Longest gap |',
    '| --- | --: | --: | --: | --: | --: | --: |',
    ...rows,
    rowOf('**All**', results),
  ].join('\n');
}

function rowOf(what: string, results: readonly RunResult[]): string {
  const streams = results.flatMap((result) => result.streams);
  const sum = (of: (stream: (typeof streams)[number]) => number): number =>
    streams.reduce((total, stream) => total + of(stream), 0);
  const cells = [
    sum((stream) => stream.published),
    sum((stream) => stream.lost.length),
    sum((stream) => stream.repeated.length),
    sum((stream) => stream.cameBack.length),
  ];
  const gap = Math.max(0, ...streams.map((stream) => stream.longestGapMs));
  return `| ${what} | ${results.length} | ${cells.join(' | ')} | ${(gap / 1000).toFixed(1)} s |`;
}

export async function formatSurvivedPage(results: readonly RunResult[], facts: SurveyFacts): Promise<string> {
  const { seed, commit, machine, date, streamsPerRun, notRun } = facts;
  const broken = results.flatMap(({ run, broken }) => broken.map((words) => ({ run, words })));
  const body = `${FIRST_LINE}

# What Millrace survived

Each run publishes ${streamsPerRun} streams of numbered video frames through a cluster of real processes (two edges, packagers and gateways,
NATS, Redis and PostgreSQL on one machine), injects one fault at a moment that follows from the seed, takes it back, and compares
every frame that was published with what a viewer of each stream was given. “Came back” counts numbers of frames, segments and playlists
that went back. The longest gap is the longest time without a new segment, whose length is 2 s. What each fault may cost is in
[limits.md](limits.md#what-is-lost-in-which-failure). In every run the comparer was first made to find a frame that was removed on
purpose, one that was repeated, and numbers that came back.

- Command: \`npm run chaos -- --seed ${seed} --runs ${results.length} --streams ${streamsPerRun}\`
- Date: ${date.toISOString().slice(0, 16).replace('T', ' ')} UTC
- Commit: ${commit}
- Machine: ${machine}

${survivedTable(results)}

## Not run

${list([...notRun].map(([fault, why]) => `${fault.what} (\`${fault.name}\`): ${why}`))}

Faults of signaling servers are not here: they carry no frames. \`e2e/room-cluster.e2e.ts\` kills one.

## More than documented

${list(broken.map(({ run, words }) => `\`--fault ${run.fault.name} --seed ${run.seed} --runs 1\`: ${words}`))}
`;
  return withChecksum(await format(body, { parser: 'markdown', printWidth: 120 }));
}

const list = (items: readonly string[]): string =>
  items.length === 0 ? 'Nothing.' : items.map((item) => `- ${item}`).join('\n');

function withChecksum(body: string): string {
  return `${body}\n<!-- sha256 of everything above: ${checksumOf(body)} -->\n`;
}

const checksumOf = (body: string): string => createHash('sha256').update(body).digest('hex');

/** @returns what is wrong with the page; undefined when `npm run chaos` wrote it as it is */
export function faultOfPage(page: string): string | undefined {
  if (!page.startsWith(`${FIRST_LINE}\n`)) return 'its first line does not say that npm run chaos wrote it';
  const found = CHECKSUM.exec(page);
  if (found === null) return 'it has no checksum';
  if (checksumOf(page.slice(0, found.index)) !== found[1]) return 'it was changed after npm run chaos wrote it';
  return undefined;
}

/** Why a fault cannot be injected on this machine. */
export function notRunBecause(faults: readonly Fault[], missing: ReadonlyMap<Means, string>): Map<Fault, string> {
  const notRun = new Map<Fault, string>();
  for (const fault of faults) {
    const why = fault.needs === undefined ? undefined : missing.get(fault.needs);
    if (why !== undefined) notRun.set(fault, why);
  }
  return notRun;
}
