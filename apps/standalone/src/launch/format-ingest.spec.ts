import { expect, it } from 'vitest';
import { formatIngest } from './format-ingest.ts';

it.each([
  ['::', undefined, 'every address of this machine, IPv4 and IPv6, port 1935'],
  ['0.0.0.0', 1936, 'every IPv4 address of this machine, port 1935 and 1936 (RTMPS)'],
  ['127.0.0.1', undefined, '127.0.0.1, port 1935'],
])('says where encoders can reach an edge on %s', (address, rtmps, said) => {
  expect(formatIngest({ address, rtmp: 1935, rtmps })).toEqual([`  RTMP           ${said}`]);
});
