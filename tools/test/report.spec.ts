import { describe, expect, it } from 'vitest';
import { failedFiles, failures, replaceFiles } from './report.ts';

const passed = { name: '/r/a.spec.ts', status: 'passed', assertionResults: [{ fullName: 'a one', status: 'passed' }] };
const failed = {
  name: '/r/b.spec.ts',
  status: 'failed',
  assertionResults: [
    { fullName: 'b one', status: 'passed', failureMessages: [] },
    {
      fullName: 'b two',
      status: 'failed',
      failureMessages: ['AssertionError: expected 1 to be 2\n    at b.spec.ts:3'],
    },
  ],
};
const broken = { name: '/r/c.spec.ts', status: 'failed', message: 'Cannot find module x', assertionResults: [] };

describe('the report of a test run', () => {
  it('names the files in which something failed', () => {
    expect(failedFiles({ testResults: [passed, failed, broken] })).toEqual(['/r/b.spec.ts', '/r/c.spec.ts']);
  });

  it('says of each failure where it is and why', () => {
    expect(failures({ testResults: [passed, failed, broken] }, '/r')).toEqual([
      'b.spec.ts > b two\n    AssertionError: expected 1 to be 2',
      'c.spec.ts\n    Cannot find module x',
    ]);
  });

  it('takes what a second run says of the files that it ran', () => {
    const again = { ...failed, status: 'passed', assertionResults: [] };
    const result = replaceFiles({ testResults: [passed, failed] }, { testResults: [again] });
    expect(result.testResults).toEqual([passed, again]);
  });
});
