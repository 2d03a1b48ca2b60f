import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { faultNamed, FAULTS } from './faults.ts';
import type { RunResult, StreamResult } from './run-fault.ts';
import { planRuns } from './schedule.ts';
import { faultOfPage, formatSurvivedPage, notRunBecause } from './survived-page.ts';

const readPage = (): string => readFileSync(resolve(import.meta.dirname, '../../docs/survived.md'), 'utf8');

const stream = (change: Partial<StreamResult>): StreamResult => ({
  published: 400,
  arrived: 400,
  lost: [],
  repeated: [],
  cameBack: [],
  faults: [],
  discontinuities: 0,
  longestGapMs: 2_100,
  interruptions: [],
  lostAgesMs: [],
  ...change,
});
const result = (name: string, streams: readonly StreamResult[], broken: readonly string[] = []): RunResult => ({
  run: planRuns(5, 1, [faultNamed(name)])[0]!,
  streams,
  broken,
});
const facts = {
  seed: 5,
  commit: 'abcdef012345',
  machine: 'a machine',
  date: new Date('2026-11-30T01:02:03Z'),
  streamsPerRun: 2,
  notRun: notRunBecause(FAULTS, new Map([['network', 'not allowed here']])),
};

describe('docs/survived.md', () => {
  it('is as npm run chaos wrote it', () => {
    expect(faultOfPage(readPage())).toBeUndefined();
  });

  it('says how to repeat it, and has a line for every fault that was run, or says why it was not', () => {
    const page = readPage();
    expect(page).toMatch(/^- Command: `npm run chaos -- --seed \d+ --runs \d+ --streams \d+`$/m);
    expect(page).toMatch(/^- Date: \d{4}-\d\d-\d\d \d\d:\d\d UTC$/m);
    expect(page).toMatch(/^- Commit: [0-9a-f]{12}/m);
    expect(page).toMatch(/^- Machine: \d+ cores/m);
    for (const { name } of FAULTS) expect(page).toContain(`(\`${name}\`)`);
  });
});

describe('the page', () => {
  it('adds up the runs of each fault, and all of them', async () => {
    const written = await formatSurvivedPage(
      [
        result(
          'packager-killed',
          [stream({}), stream({ lost: [7], longestGapMs: 4_200 })],
          ['stream 2: 1 pictures lost: 7'],
        ),
        result('packager-killed', [stream({ repeated: [1, 2] })]),
        result('redis-flushed', [stream({ cameBack: ['media sequence 1 after 2'] })]),
      ],
      facts,
    );
    const rows = written.split('\n').filter((line) => line.startsWith('|'));
    const cells = rows.map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
    expect(cells.slice(2)).toEqual([
      [expect.stringContaining('packager-killed'), '2', '1200', '1', '2', '0', '4.2 s'],
      [expect.stringContaining('redis-flushed'), '1', '400', '0', '0', '1', '2.1 s'],
      ['**All**', '3', '1600', '1', '2', '1', '4.2 s'],
    ]);
    expect(written).toContain('(`packager-cut`): not allowed here');
    expect(written).toContain('`--fault packager-killed --seed 5 --runs 1`: stream 2: 1 pictures lost: 7');
    expect(faultOfPage(written)).toBeUndefined();
  });

  it('is told from one that was changed by hand', async () => {
    const written = await formatSurvivedPage([result('packager-killed', [stream({ lost: [7] })])], facts);
    expect(faultOfPage(written.replace('| 1    | 0', '| 0    | 0').replace('4.2', '2.1') + ' ')).toMatch(/no checksum/);
    expect(faultOfPage(written.replace(/\| +1 \| +0 \|/, '| 0 | 0 |'))).toMatch(/changed after/);
    expect(faultOfPage(written.slice(written.indexOf('#')))).toMatch(/first line/);
  });
});
