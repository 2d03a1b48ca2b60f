import { describe, expect, it } from 'vitest';
import { parseTypedUrl } from './typed-url.ts';

const NO_PORT = 'must have a port of 1 to 65535';
const WRONG_HOST = 'must have a host name or an IP address as its host';

describe('a URL as people type it', () => {
  it.each([
    ['rtsp://Camera.example/Door?x=1', 'rtsp://camera.example/Door?x=1', 'camera.example'],
    ['rtsp://a:b@h.:554/x', 'rtsp://a:b@h.:554/x', 'h.'],
    ['rtsp://inside_name/x', 'rtsp://inside_name/x', 'inside_name'],
    ['rtsp://bücher.example/x', 'rtsp://xn--bcher-kva.example/x', 'xn--bcher-kva.example'],
    ['rtsp://exa%6dple.com/x', 'rtsp://example.com/x', 'example.com'],
    ['rtsp://0x7f.1/x', 'rtsp://127.0.0.1/x', '127.0.0.1'],
    ['srt://[2001:DB8::1]:9', 'srt://[2001:db8::1]:9', '2001:db8::1'],
    ['https://example.com:443/a?b=%0A', 'https://example.com/a?b=%0A', 'example.com'],
    ['rtmp://h:/app', 'rtmp://h/app', 'h'],
    [`rtsp://${'a'.repeat(63)}.example/x`, `rtsp://${'a'.repeat(63)}.example/x`, `${'a'.repeat(63)}.example`],
  ])('%s is read', (text, href, host) => {
    const typed = parseTypedUrl(text);
    expect(typed).toMatchObject({ host });
    expect(typeof typed === 'string' ? typed : typed.url.href).toBe(href);
  });

  it.each([
    ['camera.example', 'must be a URL such as scheme://host/path'],
    ['rtsp:', 'must be a URL such as scheme://host/path'],
    ['rtsp:///x', 'must name a host'],
    ['https://', 'must name a host'],
    ['rtsp://h:0/', NO_PORT],
    ['https://h:00/', NO_PORT],
    ['rtsp://h:65536/', NO_PORT],
    ['rtsp://h:554x/', NO_PORT],
    ['srt://h:-1', NO_PORT],
    ['rtsp://a..b/', WRONG_HOST],
    ['rtsp://*/', WRONG_HOST],
    ['rtsp://a^b/', WRONG_HOST],
    ['rtsp://a%20b/', WRONG_HOST],
    ['rtsp://a%FFb/', WRONG_HOST],
    ['rtsp://256.0.0.1/', WRONG_HOST],
    ['rtsp://[::1%25eth0]/', WRONG_HOST],
    [`https://${'a'.repeat(64)}.example/`, WRONG_HOST],
    [`https://${'abc.'.repeat(63)}example/`, WRONG_HOST],
    ['rtsp://a\ud800b/x', 'must not contain half of a surrogate pair in its host'],
    ['https://h/\udc00', 'must not contain half of a surrogate pair in its path'],
    ['rtsp://h/a\r\nb', 'must not contain control characters in its path'],
    ['https://h\t/', 'must not contain control characters in its host'],
    ['rtsp://h/a b', 'must not contain blanks in its path'],
    ['rtsp://a b:c@h/', 'must not contain blanks in its user name or password'],
    ['rtsp://a%0d%0aX:pw@h/', 'must not contain control characters in its user name or password, percent-encoded'],
    ['https://a:%1B@h/', 'must not contain control characters in its user name or password, percent-encoded'],
    ['rtsp://h%00/', 'must not contain control characters in its host, percent-encoded'],
    ['rtsp://h/%c2%85', 'must not contain control characters in its path, percent-encoded'],
    ['srt://h:9?streamid=%00', 'must not contain control characters in its query, percent-encoded'],
    ['rtsp://h/#%7f', 'must not contain control characters in its fragment, percent-encoded'],
  ])('%s is refused', (text, words) => {
    const fault = parseTypedUrl(text);
    expect(fault).toBeTypeOf('string');
    expect(fault).toContain(words);
  });

  it('is read in no time, however long its parts are', () => {
    const long = '@:'.repeat(100_000);
    const begin = performance.now();
    for (const text of [`rtsp://${long}`, `rtsp://h/${long}`, `rtsp://h:${long}/`, `rtsp://[${long}`])
      parseTypedUrl(text);
    expect(performance.now() - begin).toBeLessThan(2_000);
  });
});
