// What a run of the benchmark leaves: several runs become a median with their spread, and a figure that fails ends nothing.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Recorder } from './recorder.ts';
import { formatFailures, formatTable } from './table.ts';

const CPU = { figure: 'cpu', title: 'CPU', unit: 'ms' };

beforeEach(() => {
  for (const method of ['log', 'error'] as const) vi.spyOn(console, method).mockReturnValue(undefined);
});
afterEach(() => vi.restoreAllMocks());

it('shows the median of several runs, with the lowest and the highest, and the ratio of medians', () => {
  const recorder = new Recorder();
  for (const value of [3, 1.5, 2]) recorder.note(CPU, 'millrace-standalone', value);
  for (const value of [4, 8, 4]) recorder.note(CPU, 'nginx-rtmp', value);
  recorder.note({ ...CPU, title: 'Memory', figure: 'memory' }, 'nginx-rtmp', 7);
  expect(formatTable(recorder.results, ['millrace-standalone', 'nginx-rtmp']).split('\n').slice(2)).toEqual([
    '| CPU | ms | 2.00 (1.50 to 3.00) | 4.00 (4.00 to 8.00) | 0.50 × nginx-rtmp |',
    '| Memory | ms | – | 7.00 | – |',
  ]);
});

it('goes on after a server that fails a figure, and says which and why', async () => {
  const recorder = new Recorder();
  await recorder.attempt('ingest-hls-200', 'nginx-rtmp', () => Promise.reject(new Error('96 connections failed')));
  await recorder.attempt('ingest-hls-200', 'srs', async () => recorder.note(CPU, 'srs', 1));
  expect(recorder.results.map(({ server }) => server)).toEqual(['srs']);
  expect(formatFailures(recorder.failures)).toBe('- ingest-hls-200 of nginx-rtmp failed: 96 connections failed');
});
