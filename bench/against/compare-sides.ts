// What five runs of one commit and five of another say: medians, their spread, and whether one is worse than chance explains.
import { median } from '../report/results.ts';
import type { Result } from '../report/results.ts';
import { formatValue } from '../report/table.ts';

/** A median may be worse by this much, or by the spread of the runs if that is more. */
const TOLERANCE_PERCENT = 5;
/** Delays and losses near nothing double by chance: only what costs processor time is judged. */
const JUDGED = /^CPU/;

export interface Side {
  /** As measured, run by run. */
  readonly runs: readonly number[];
  readonly median: number;
  /** From the lowest to the highest run, in percent of the median. */
  readonly spreadPercent: number;
}

export interface ComparedFigure {
  readonly title: string;
  readonly unit: string;
  readonly base: Side;
  readonly now: Side;
  /** How far the median has moved, in percent of the base: all figures are better when they are lower. */
  readonly changePercent: number;
  readonly verdict: 'worse' | 'as good' | 'better' | 'not judged';
}

/** @param results of both sides, with the commit as the server. Figures that only one of them has are left out */
export function compareSides(results: readonly Result[], base: string, now: string): ComparedFigure[] {
  const figures = Map.groupBy(results, ({ figure }) => figure);
  return [...figures.values()].flatMap((ofFigure) => {
    const [before, after] = [base, now].map((side) => sideOf(ofFigure.filter(({ server }) => server === side)));
    if (before === undefined || after === undefined) return [];
    const { title, unit } = ofFigure[0]!;
    const changePercent = before.median === 0 ? 0 : (after.median / before.median - 1) * 100;
    const allowed = Math.max(TOLERANCE_PERCENT, before.spreadPercent, after.spreadPercent);
    const moved = changePercent > allowed ? 'worse' : changePercent < -allowed ? 'better' : 'as good';
    return [
      { title, unit, base: before, now: after, changePercent, verdict: JUDGED.test(title) ? moved : 'not judged' },
    ];
  });
}

function sideOf(results: readonly Result[]): Side | undefined {
  if (results.length === 0) return undefined;
  const runs = results.map(({ value }) => value);
  const middle = median(runs);
  const width = Math.max(...runs) - Math.min(...runs);
  return { runs, median: middle, spreadPercent: middle === 0 ? 0 : (width / middle) * 100 };
}

/** A Markdown table, with every run beneath it. */
export function formatComparison(figures: readonly ComparedFigure[], base: string, now: string): string {
  const percent = (value: number): string => `${value.toFixed(1)} %`;
  const signed = (value: number): string => `${value > 0 ? '+' : ''}${percent(value)}`;
  return [
    `| figure | unit | ${base} | spread | ${now} | spread | change | verdict |`,
    '| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |',
    ...figures.map(
      ({ title, unit, base: before, now: after, changePercent, verdict }) =>
        `| ${title} | ${unit} | ${formatValue(before.median)} | ${percent(before.spreadPercent)} | ` +
        `${formatValue(after.median)} | ${percent(after.spreadPercent)} | ${signed(changePercent)} | ${verdict} |`,
    ),
    '',
    'All runs, in the order in which they were measured:',
    '',
    ...figures.flatMap(({ title, unit, base: before, now: after }) =>
      [before, after].map(
        ({ runs }, index) => `- ${title} (${unit}), ${[base, now][index]!}: ${runs.map(formatValue).join(', ')}`,
      ),
    ),
  ].join('\n');
}
