import { newRecord } from '@millrace/protocol/amf3';
import type { AmfValue } from '@millrace/protocol/amf3';
import { describe, expect, it } from 'vitest';
import { readEncoderTime } from './on-fi.ts';

const record = (properties: Record<string, AmfValue>) => Object.assign(newRecord(), properties);
const NOW = Date.UTC(2026, 4, 1, 23, 59, 58);

describe('readEncoderTime', () => {
  it.each<[string, Record<string, string>, number]>([
    ['in UTC', { sd: '01-05-2026', st: '23:59:57.25' }, -750],
    ['without a fraction', { sd: '1-5-2026', st: '23:59:59' }, 1_000],
    ['in India, where it is the next day', { sd: '02-05-2026', st: '05:29:58.000' }, 0],
    ['in Newfoundland', { sd: '01-05-2026', st: '21:29:50.5' }, -7_500],
    ['in UTC+14', { sd: '02-05-2026', st: '13:59:58' }, 0],
    ['a day off, in no time zone', { sd: '03-05-2026', st: '23:59:58' }, 2 * 86_400_000],
  ])('reads a clock %s', (_, properties, offsetMs) => {
    expect(readEncoderTime({ name: 'onFI', values: [record(properties)] }, NOW)).toBe(NOW + offsetMs);
  });

  it.each<[string, string, Record<string, AmfValue>]>([
    ['another message', 'onMetaData', { sd: '01-05-2026', st: '23:59:57' }],
    ['no properties', 'onFI', {}],
    ['a time code alone', 'onFI', { tc: '10:00:00:00' }],
    ['numbers', 'onFI', { sd: 1, st: 2 }],
    ['other text', 'onFI', { sd: 'today', st: 'noon' }],
  ])('finds none in %s', (_, name, properties) => {
    expect(readEncoderTime({ name, values: [record(properties)] }, NOW)).toBeUndefined();
  });
});
