import { describe, expect, it } from 'vitest';
import { formatBitrate, formatBytes, formatDuration, formatRelative, formatSpan } from './format.ts';

const now = Date.UTC(2026, 0, 1);

describe('formatRelative', () => {
  it.each([
    [-3_000, 'just now'],
    [-45_000, '45 seconds ago'],
    [-3 * 60_000 - 1, '3 minutes ago'],
    [2 * 3_600_000, 'in 2 hours'],
    [-86_400_000, 'yesterday'],
  ])('%d ms', (offset, text) => {
    expect(formatRelative(now + offset, now)).toBe(text);
  });
});

it.each([
  [-5, '0 s'],
  [42_000, '42 s'],
  [200_000, '3 min 20 s'],
  [3_840_000, '1 h 04 min'],
])('formatDuration(%d)', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

it.each([
  [2_592_000, '30 days'],
  [86_400, '1 day'],
  [5_400, '90 minutes'],
  [1, '1 second'],
  [0.5, '1 second'],
  [0, '0 seconds'],
])('formatSpan(%d)', (seconds, text) => {
  expect(formatSpan(seconds)).toBe(text);
});

it.each([
  [128_000, '128 kbit/s'],
  [4_200_000, '4.2 Mbit/s'],
])('formatBitrate(%d)', (bits, text) => {
  expect(formatBitrate(bits)).toBe(text);
});

it.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1_200_000_000, '1.2 GB'],
])('formatBytes(%d)', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
