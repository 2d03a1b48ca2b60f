import { describe, expect, it } from 'vitest';
import type { Result } from '../report/results.ts';
import { compareSides, formatComparison } from './compare-sides.ts';

const runs = (server: string, values: readonly number[], title = 'CPU, ingest'): Result[] =>
  values.map((value) => ({ figure: title, title, unit: 'ms', server, value, stealPercent: 0 }));
const verdict = (base: readonly number[], now: readonly number[], title?: string) =>
  compareSides([...runs('a', base, title), ...runs('b', now, title)], 'a', 'b')[0]?.verdict;

describe('the comparison of two commits', () => {
  it('takes the median of the runs, and their spread from the lowest to the highest', () => {
    const [figure] = compareSides([...runs('a', [10, 30, 11, 9, 10]), ...runs('b', [12, 12, 12])], 'a', 'b');
    expect(figure).toMatchObject({ base: { median: 10, spreadPercent: 210 }, now: { median: 12, spreadPercent: 0 } });
    expect(figure!.changePercent).toBeCloseTo(20);
  });

  it('finds a median worse when it has moved by more than 5 % and by more than the spread', () => {
    expect(verdict([100, 100, 100], [106, 106, 106])).toBe('worse');
    expect(verdict([100, 100, 100], [104, 104, 104])).toBe('as good');
    expect(verdict([95, 100, 105], [106, 106, 106])).toBe('as good');
    expect(verdict([100, 100, 100], [110, 120, 100])).toBe('as good');
    expect(verdict([100, 100, 100], [94, 94, 94])).toBe('better');
  });

  it('judges processor time alone', () => {
    expect(verdict([0.1, 0.1, 0.1], [0.3, 0.3, 0.3], 'Delay at 10,000 packets a second')).toBe('not judged');
  });

  it('leaves out a figure that one side does not have', () => {
    expect(compareSides(runs('a', [1]), 'a', 'b')).toEqual([]);
  });

  it('is shown as a table with every run beneath', () => {
    const text = formatComparison(
      compareSides([...runs('a', [10, 12, 10]), ...runs('b', [20, 20, 22])], 'a', 'b'),
      'a',
      'b',
    );
    expect(text).toContain('| CPU, ingest | ms | 10.0 | 20.0 % | 20.0 | 10.0 % | +100.0 % | worse |');
    expect(text).toContain('- CPU, ingest (ms), b: 20.0, 20.0, 22.0');
  });
});
