import { describe, expect, it } from 'vitest';
import { faultOf } from '../testing/protocol-fault.ts';
import {
  formatRtspRequest,
  formatRtspResponse,
  parseBasicCredentials,
  parseRtspUrl,
  readCSeq,
  RtspReader,
} from './index.ts';
import type { RtspItem } from './index.ts';

const LIMITS = { maxHeadBytes: 1_024, maxHeaders: 8, maxBodyBytes: 100 };

function readAll(bytes: Buffer, step = bytes.length): RtspItem[] {
  const reader = new RtspReader(LIMITS);
  const items: RtspItem[] = [];
  for (let at = 0; at < bytes.length; at += step) {
    reader.push(bytes.subarray(at, at + step));
    for (let item = reader.next(); item !== undefined; item = reader.next()) items.push(item);
  }
  return items;
}

const seen = (items: readonly RtspItem[]) =>
  items.map((item) => {
    if (item.kind === 'frame') return [item.channel, item.packet.toString('hex')];
    const { headers, body } = item.kind === 'request' ? item.request : item.response;
    const first = item.kind === 'request' ? `${item.request.method} ${item.request.uri}` : item.response.status;
    return [first, Object.fromEntries(headers), body.toString()];
  });

const SESSION = Buffer.concat([
  Buffer.from('\r\n'),
  formatRtspRequest(
    'ANNOUNCE',
    'rtsp://h/live',
    [
      ['CSeq', '1'],
      ['Content-Type', 'application/sdp'],
    ],
    Buffer.from('v=0\n'),
  ),
  Buffer.from([0x24, 0, 0, 3, 1, 2, 3, 0x24, 5, 0, 0]),
  Buffer.from('TEARDOWN rtsp://h/live RTSP/1.0\ncseq:2\nX-Long: a,\n b\nx-long: c\n\n'),
  formatRtspResponse({ status: 404, cSeq: 7 }),
]);
const SEEN = [
  ['ANNOUNCE rtsp://h/live', { cseq: '1', 'content-type': 'application/sdp', 'content-length': '4' }, 'v=0\n'],
  [0, '010203'],
  [5, ''],
  ['TEARDOWN rtsp://h/live', { cseq: '2', 'x-long': 'a, b, c' }, ''],
  [404, { cseq: '7' }, ''],
];

describe('RtspReader', () => {
  it('reads messages and frames, however they are cut', () => {
    for (let step = 1; step <= SESSION.length; step++) expect(seen(readAll(SESSION, step))).toEqual(SEEN);
  });

  it.each<[string, string, string]>([
    ['a TLS greeting', '\x16\x03\x01\x02', 'rtsp.malformed'],
    ['a PROXY header', 'PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n\r\n', 'rtsp.malformed'],
    ['a request of HTTP', 'GET / HTTP/1.1\r\nHost: h\r\n\r\n', 'rtsp.malformed'],
    ['another version', 'OPTIONS * RTSP/2.0\r\nCSeq: 1\r\n\r\n', 'rtsp.version'],
    ['no address', 'OPTIONS RTSP/1.0\r\nCSeq: 1\r\n\r\n', 'rtsp.malformed'],
    ['a line that is no header', 'OPTIONS * RTSP/1.0\r\nCSeq 1\r\n\r\n', 'rtsp.malformed'],
    ['a NUL in a header', 'OPTIONS * RTSP/1.0\r\nCSeq: 1\0\r\n\r\n', 'rtsp.malformed'],
    ['a head that is too long', `OPTIONS * RTSP/1.0\r\nX: ${'x'.repeat(1_024)}\r\n\r\n`, 'rtsp.malformed'],
    ['a head that does not end', 'X'.repeat(1_100), 'rtsp.malformed'],
    ['a frame within a head', 'OPTIONS * RTSP/1.0\r\n$\0\0\x02ab\r\nCSeq: 1\r\n\r\n', 'rtsp.malformed'],
    ['too many headers', `OPTIONS * RTSP/1.0\r\n${'A: b\r\n'.repeat(9)}\r\n`, 'rtsp.malformed'],
    ['a negative length', 'OPTIONS * RTSP/1.0\r\nContent-Length: -1\r\n\r\n', 'rtsp.malformed'],
    ['a length of 2^31', 'OPTIONS * RTSP/1.0\r\nContent-Length: 2147483648\r\n\r\n', 'rtsp.too-large'],
    ['two lengths', 'OPTIONS * RTSP/1.0\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 'rtsp.malformed'],
  ])('refuses %s', (_, bytes, code) => {
    expect(faultOf(() => readAll(Buffer.from(bytes, 'latin1')))).toBe(code);
    expect(faultOf(() => readAll(Buffer.from(bytes, 'latin1'), 1))).toBe(code);
  });

  it('waits for what is not there yet', () => {
    const whole = formatRtspRequest('OPTIONS', '*', [['CSeq', '1']], Buffer.from('body'));
    for (let length = 0; length < whole.length; length++) expect(readAll(whole.subarray(0, length))).toEqual([]);
  });
});

describe('messages of RTSP', () => {
  it('never let a value begin another header', () => {
    expect(() => formatRtspResponse({ status: 200, cSeq: 1, headers: [['X', 'a\r\nY: b']] })).toThrow(RangeError);
    expect(() => formatRtspRequest('PLAY', 'rtsp://h/a b', [])).toThrow(RangeError);
    expect(formatRtspResponse({ status: 403, reason: 'no\r\nX: y', cSeq: 1 }).toString()).toBe(
      'RTSP/1.0 403 no X: y\r\nCSeq: 1\r\n\r\n',
    );
  });

  it.each([
    ['12', 12],
    ['4294967295', 4_294_967_295],
    ['4294967296', undefined],
    ['18446744073709551616', undefined],
    ['-1', undefined],
    ['', undefined],
  ])('have a CSeq of 32 bits: %s', (text, number) => {
    expect(readCSeq(new Map([['cseq', text]]))).toBe(number);
    expect(readCSeq(new Map())).toBe(undefined);
  });

  it.each([
    ['rtsp://host:8554/live/x', '/live/x'],
    ['RTSPS://host/a', '/a'],
    ['*', undefined],
    ['/live/x', undefined],
    ['http://host/', undefined],
    ['rtsp://', undefined],
  ])('are for an absolute address: %s', (uri, path) => expect(parseRtspUrl(uri)?.pathname).toBe(path));

  it('show a password', () => {
    expect(parseBasicCredentials('Basic dXNlcjpwYTpzcw==')).toEqual({ user: 'user', password: 'pa:ss' });
    expect(parseBasicCredentials('Digest username="a"')).toBe(undefined);
    expect(parseBasicCredentials('Basic ????')).toBe(undefined);
    expect(parseBasicCredentials('Basic dXNlcg==')).toBe(undefined);
  });
});
