// Vitest's JSON report: the part of it that a test run reads, and what it says about failures.
import { relative } from 'node:path';

export interface TestResult {
  readonly fullName: string;
  readonly status: string;
  readonly failureMessages?: readonly string[] | null;
}

export interface FileResult {
  /** Absolute path. */
  readonly name: string;
  readonly status: string;
  /** Why the file could not be loaded, if so. */
  readonly message?: string;
  readonly assertionResults: readonly TestResult[];
}

export interface VitestReport {
  readonly testResults: readonly FileResult[];
}

/** @returns absolute paths of the files in which something failed */
export const failedFiles = (report: VitestReport): readonly string[] =>
  report.testResults.filter(({ status }) => status === 'failed').map(({ name }) => name);

/** @returns the first report with the files of the second one in their place: for files that were run again */
export function replaceFiles(report: VitestReport, again: VitestReport): VitestReport {
  const names = new Set(again.testResults.map(({ name }) => name));
  return { testResults: [...report.testResults.filter(({ name }) => !names.has(name)), ...again.testResults] };
}

/** @returns a line or two for each test that failed: its file, its name, and the first line of why */
export function failures(report: VitestReport, root: string): readonly string[] {
  return report.testResults
    .filter(({ status }) => status === 'failed')
    .flatMap(({ name, message, assertionResults }) => {
      const file = relative(root, name);
      const failed = assertionResults.filter(({ status }) => status === 'failed');
      if (failed.length === 0) return [withReason(file, message)];
      return failed.map((test) => withReason(`${file} > ${test.fullName}`, test.failureMessages?.[0]));
    });
}

function withReason(title: string, reason: string | undefined): string {
  const [line = ''] = (reason ?? '').split('\n');
  return line === '' ? title : `${title}\n    ${line}`;
}
