import { describe, expect, it } from 'vitest';
import { faultOf } from '../testing/protocol-fault.ts';
import {
  formatTunnelOpened,
  formatTunnelRefused,
  isTunnelBeginning,
  readTunnelRequest,
  TunnelBodyReader,
} from './index.ts';

const GET =
  'GET /play/pbk?token=x HTTP/1.1\r\nUser-Agent: Lavf\r\nX-SessionCookie: 0123456789abcdef\r\nAccept: */*\r\n\r\n';
const MAX_HEAD = 512;
const read = (text: string) => readTunnelRequest(Buffer.from(text), MAX_HEAD);

describe('a connection of a tunnel', () => {
  it('is known by its first bytes, which are no method of RTSP', () => {
    const verdicts = (text: string) =>
      [1, 3, 4, 5, 8].map((length) => isTunnelBeginning(Buffer.from(text.slice(0, length))));
    expect(verdicts('GET / HTTP')).toEqual([undefined, undefined, true, true, true]);
    expect(verdicts('POST / HTTP')).toEqual([undefined, undefined, undefined, true, true]);
    expect(verdicts('GET_PARAMETER')).toEqual([undefined, undefined, false, false, false]);
    expect(verdicts('OPTIONS *')).toEqual([false, false, false, false, false]);
    expect(verdicts('PLAY rtsp:')).toEqual([undefined, false, false, false, false]);
    expect(isTunnelBeginning(Buffer.alloc(0))).toBe(undefined);
  });

  it('has a cookie, wherever its head is cut, and the beginning of a body behind it', () => {
    for (let length = 0; length < GET.length; length++) expect(read(GET.slice(0, length))).toBe(undefined);
    expect(read(GET)).toEqual({ method: 'GET', cookie: '0123456789abcdef', rest: Buffer.alloc(0) });
    const post = 'POST /a HTTP/1.0\nx-sessioncookie:0123456789abcdef \nContent-Length: 32767\n\nT1BU';
    expect(read(post)).toEqual({ method: 'POST', cookie: '0123456789abcdef', rest: Buffer.from('T1BU') });
  });

  it.each([
    ['no cookie', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a cookie that could be guessed', 'GET / HTTP/1.1\r\nx-sessioncookie: 1234567\r\n\r\n'],
    ['a cookie that is too long', `GET / HTTP/1.1\r\nx-sessioncookie: ${'a'.repeat(129)}\r\n\r\n`],
    ['a cookie with a blank', 'GET / HTTP/1.1\r\nx-sessioncookie: 12345678 9\r\n\r\n'],
    ['two cookies', 'GET / HTTP/1.1\r\nx-sessioncookie: 12345678\r\nX-SessionCookie: 87654321\r\n\r\n'],
    ['another version', 'GET / HTTP/2.0\r\nx-sessioncookie: 12345678\r\n\r\n'],
    ['no address', 'GET  HTTP/1.1\r\nx-sessioncookie: 12345678\r\n\r\n'],
    ['too many headers', `GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(70)}\r\n`],
    ['a head without an end', `GET / HTTP/1.1\r\na: ${'b'.repeat(MAX_HEAD)}`],
  ])('is refused with %s', (_, text) => expect(faultOf(() => read(text))).toBe('rtsp.tunnel'));

  it('is answered as HTTP', () => {
    expect(formatTunnelOpened('S').toString()).toMatch(/^HTTP\/1\.0 200 OK\r\n.*x-rtsp-tunnelled\r\n\r\n$/s);
    expect(formatTunnelRefused(404, 'no').toString()).toBe(
      'HTTP/1.0 404 no\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nno\n',
    );
  });
});

describe('the body of a POST', () => {
  const REQUESTS = ['OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n', 'a', 'ab', 'abc', '$\0\0\x01x'];
  const whole = REQUESTS.join('');
  const decode = (text: string, step: number): string => {
    const body = new TunnelBodyReader();
    let read = '';
    for (let at = 0; at < text.length; at += step) read += body.push(Buffer.from(text.slice(at, at + step))).toString();
    return read;
  };

  it.each([1, 2, 3, 5, 1_000])(
    'is requests in base 64, each by itself or all as one, in pieces of %i bytes',
    (step) => {
      const each = REQUESTS.map((request) => Buffer.from(request).toString('base64'));
      expect(decode(each.join(''), step)).toBe(whole);
      expect(decode(each.join('\r\n'), step)).toBe(whole);
      expect(decode(Buffer.from(whole).toString('base64'), step)).toBe(whole);
    },
  );

  it.each(['OPTIONS * RTSP/1.0', '\0\0\0\0', 'YQ=a', '====', 'Y===', '=YWI', 'YWJjYQ==='.padEnd(12, '=')])(
    'is refused when it is not: %j',
    (text) => expect(faultOf(() => decode(text.padEnd(8, 'A'), text.length + 8))).toBe('rtsp.tunnel'),
  );
});
