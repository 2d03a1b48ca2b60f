import { describe, expect, it } from 'vitest';
import { parseSrtAddress } from './srt-address.ts';

describe('the address of a server of SRT', () => {
  it.each([
    ['srt://example.com:8890', { host: 'example.com', port: 8890, place: 'srt://example.com:8890' }],
    ['srt://EXAMPLE.com:9/?latency=200', { latencyMs: 200, place: 'srt://example.com:9?latency=200' }],
    // ffmpeg and OBS count in microseconds.
    ['srt://example.com:9?latency=200000', { latencyMs: 200, place: 'srt://example.com:9?latency=200' }],
    ['srt://example.com:9?pbkeylen=32&passphrase=0123456789', { keyBytes: 32, passphrase: '0123456789' }],
    ['srt://example.com:9?streamid=#!::r=a/b,m=publish&x=y', { streamId: '#!::r=a/b,m=publish' }],
    [
      'srt://example.com:9?streamid=%23%21%3A%3Ar%3Da&mode=caller',
      { streamId: '#!::r=a', place: 'srt://example.com:9' },
    ],
    ['srt://example.com:9?streamid=publish:key?backup=1', { streamId: 'publish:key?backup=1' }],
    ['srt://example.com:9?passphrase=100%+of+it', { passphrase: '100%+of+it' }],
    ['srt://[2001:db8::1]:9', { host: '2001:db8::1', place: 'srt://[2001:db8::1]:9' }],
    ['srt://2130706433:9', { host: '127.0.0.1' }],
  ])('%s is read', (text, address) => expect(parseSrtAddress(text)).toMatchObject(address));

  it.each([
    ['rtmp://example.com/live', 'must be an address such as'],
    ['srt://example.com', 'must name a port'],
    ['srt://example.com:0', 'must have a port of 1 to 65535'],
    ['srt://example.com:70000', 'must have a port of 1 to 65535'],
    ['srt://:9', 'must name a host'],
    ['srt://example.com:9?streamid=%00', 'must not contain control characters in its query'],
    ['srt://example.com:9?streamid=#\ud800', 'must not contain half of a surrogate pair in its query'],
    ['srt://a:b@example.com:9', 'must not contain a user name'],
    ['srt://example.com:9?mode=listener', 'another mode than caller'],
    ['srt://example.com:9?passphrase=short', 'shorter than 10 bytes'],
    [`srt://example.com:9?passphrase=${'x'.repeat(80)}`, 'longer than 79'],
    ['srt://example.com:9?latency=x', 'a latency of at most 8000 ms'],
    ['srt://example.com:9?latency=8001', 'a latency of at most 8000 ms'],
    ['srt://example.com:9?pbkeylen=20', 'a pbkeylen of 16, 24 or 32'],
    [`srt://example.com:9?streamid=${'x'.repeat(513)}`, 'more than 512 bytes'],
  ])('%s is refused', (text, words) => expect(parseSrtAddress(text)).toContain(words));
});
