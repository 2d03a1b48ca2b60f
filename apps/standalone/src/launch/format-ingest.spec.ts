import { expect, it } from 'vitest';
import { formatIngest } from './format-ingest.ts';

it.each([
  ['::', undefined, 'every address of this machine, IPv4 and IPv6, port 1935'],
  ['0.0.0.0', 1936, 'every IPv4 address of this machine, port 1935 and 1936 (RTMPS)'],
  ['127.0.0.1', undefined, '127.0.0.1, port 1935'],
])('says where encoders can reach an edge on %s', (address, rtmps, said) => {
  const others = { rtsp: undefined, srt: undefined };
  expect(formatIngest({ rtmp: { address, rtmp: 1935, rtmps }, ...others })).toEqual([`  RTMP           ${said}`]);
});

it('says it of RTSP and SRT too', () => {
  const address = '127.0.0.1';
  const rtsp = { address, rtsp: 8554, rtsps: 8322 };
  expect(formatIngest({ rtmp: undefined, rtsp, srt: { address, srt: 8890 } })).toEqual([
    '  RTSP           127.0.0.1, port 8554 and 8322 (RTSPS)',
    '  SRT            127.0.0.1, port 8890',
  ]);
});
