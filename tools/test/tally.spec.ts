import { describe, expect, it } from 'vitest';
import { addTallies, formatTally, parseTally, tallyOfCheck, tallyOfReport } from './tally.ts';
import type { FileResult, VitestReport } from './report.ts';

const file = (...statuses: string[]): FileResult => ({
  name: '/a.spec.ts',
  status: statuses.includes('failed') ? 'failed' : 'passed',
  assertionResults: statuses.map((status) => ({ fullName: 'a test', status })),
});
const report = (...testResults: FileResult[]): VitestReport => ({ testResults });

describe('the tally of a test run', () => {
  it('counts what Vitest reports', () => {
    const results = report(file('passed', 'failed', 'passed'), file('failed', 'skipped'));
    expect(tallyOfReport(results, 1)).toEqual({ passed: 2, failed: 2, skipped: 1 });
  });

  it('counts a file that could not be loaded, or whose hooks failed, as failed', () => {
    expect(tallyOfReport(report({ ...file(), status: 'failed' }, file('passed')), 1).failed).toBe(1);
    expect(tallyOfReport(report({ ...file('passed', 'skipped'), status: 'failed' }), 1).failed).toBe(1);
  });

  it('counts an error outside of all tests as failed', () => {
    expect(tallyOfReport(report(file('passed')), 1).failed).toBe(1);
    expect(tallyOfReport(undefined, 0).failed).toBe(1);
  });

  it('closes with one line', () => {
    const sum = addTallies(tallyOfCheck(0), tallyOfReport(report(file('passed', 'passed')), 0));
    expect(formatTally(sum)).toBe('3 passed, 0 failed');
    expect(formatTally({ ...sum, skipped: 3 })).toBe('3 passed, 0 failed, 3 skipped');
  });

  it('is read out of the closing line, the last that there is', () => {
    const output = ['1 passed, 0 failed', 'Tests  9 passed, 9 failed', '30 passed, 1 failed', 'bye'].join('\n');
    expect(parseTally(output)).toEqual({ passed: 30, failed: 1, skipped: 0 });
    const tally = { passed: 3, failed: 0, skipped: 2 };
    expect(parseTally(`\n${formatTally(tally)}\n`)).toEqual(tally);
    expect(parseTally('all is well')).toBeUndefined();
  });
});
