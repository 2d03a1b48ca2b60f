import { newId } from '@millrace/domain';
import { expect, it } from 'vitest';
import { rejectionName, RejectionReports } from './rejection-reports.ts';

const MINUTE_MS = 60_000;
const stream = newId('str');

it('a refusal is reported once a minute for each stream and reason', () => {
  const reports = new RejectionReports();
  expect(reports.isDue(stream, 'stream_disabled', 0)).toBe(true);
  expect(reports.isDue(stream, 'stream_disabled', MINUTE_MS - 1)).toBe(false);
  expect(reports.isDue(stream, 'quota', MINUTE_MS - 1)).toBe(true);
  expect(reports.isDue(newId('str'), 'stream_disabled', MINUTE_MS - 1)).toBe(true);
  expect(reports.isDue(stream, 'stream_disabled', MINUTE_MS)).toBe(true);
  expect(rejectionName(stream, 'quota', MINUTE_MS)).not.toBe(rejectionName(stream, 'quota', MINUTE_MS - 1));
});

it('what the next attempt mends is not reported', () => {
  const reports = new RejectionReports();
  expect([reports.isDue(stream, 'unavailable', 0), reports.isDue(stream, 'draining', 0)]).toEqual([false, false]);
});

it('ten thousand reports are remembered, and the oldest is forgotten', () => {
  const reports = new RejectionReports();
  const streams = Array.from({ length: 10_001 }, () => newId('str'));
  for (const id of streams) reports.isDue(id, 'quota', 0);
  expect(reports.isDue(streams.at(-1)!, 'quota', 0)).toBe(false);
  expect(reports.isDue(streams[0]!, 'quota', 0)).toBe(true);
});
