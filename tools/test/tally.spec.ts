import { describe, expect, it } from 'vitest';
import { addTallies, formatTally, tallyOfCheck, tallyOfReport } from './tally.ts';

const report = { numPassedTests: 5, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };

describe('the tally of a test run', () => {
  it('counts what Vitest reports', () => {
    expect(tallyOfReport({ ...report, numFailedTests: 2 }, 1)).toEqual({ passed: 5, failed: 2, skipped: 0 });
  });

  it('counts a file that could not be loaded as failed', () => {
    const testResults = [
      { status: 'failed', assertionResults: [] },
      { status: 'passed', assertionResults: [{}] },
    ];
    expect(tallyOfReport({ ...report, testResults }, 1).failed).toBe(1);
  });

  it('counts an error outside of all tests as failed', () => {
    expect(tallyOfReport(report, 1).failed).toBe(1);
    expect(tallyOfReport(undefined, 0).failed).toBe(1);
  });

  it('closes with one line', () => {
    const sum = addTallies(tallyOfCheck(0), tallyOfReport(report, 0));
    expect(formatTally(sum)).toBe('6 passed, 0 failed');
    expect(formatTally({ ...sum, skipped: 3 })).toBe('6 passed, 0 failed, 3 skipped');
  });
});
