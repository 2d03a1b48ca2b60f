import { expect, it } from 'vitest';
import { formatBitrate, formatMilliseconds, formatPercent } from './call-figures.ts';

it('formats', () => {
  expect([0, 499, 64_400, 999_499, 2_340_000].map(formatBitrate)).toEqual([
    '0 kbit/s',
    '0 kbit/s',
    '64 kbit/s',
    '999 kbit/s',
    '2.3 Mbit/s',
  ]);
  expect([undefined, 0.44, 9.96, 25.4].map(formatMilliseconds)).toEqual(['–', '0.4 ms', '10.0 ms', '25 ms']);
  expect([undefined, 0, 2.345].map(formatPercent)).toEqual(['–', '0.0 %', '2.3 %']);
});
