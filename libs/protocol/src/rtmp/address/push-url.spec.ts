import { describe, expect, it } from 'vitest';
import { parsePushUrl, splitStreamKey } from './push-url.ts';

describe('parsePushUrl', () => {
  it.each([
    ['rtmp://a.rtmp.youtube.com/live2', false, 'a.rtmp.youtube.com', 1935, 'live2'],
    ['rtmps://a.rtmps.youtube.com/live2', true, 'a.rtmps.youtube.com', 443, 'live2'],
    ['rtmp://live.twitch.tv/app', false, 'live.twitch.tv', 1935, 'app'],
    ['rtmp://live.twitch.tv/app/', false, 'live.twitch.tv', 1935, 'app'],
    ['rtmps://live-api-s.facebook.com:443/rtmp/', true, 'live-api-s.facebook.com', 443, 'rtmp'],
    ['rtmp://Example.COM:80/a/b?c=d', false, 'example.com', 80, 'a/b?c=d'],
    ['rtmp://[2001:db8::1]:1936/app', false, '2001:db8::1', 1936, 'app'],
  ])('%s', (text, isSecure, host, port, app) => {
    expect(parsePushUrl(text)).toMatchObject({ isSecure, host, port, app });
  });

  it('gives the address that connect names, without the slash at the end and with the port that was given', () => {
    expect(parsePushUrl('rtmps://live-api-s.facebook.com:443/rtmp/')).toMatchObject({
      tcUrl: 'rtmps://live-api-s.facebook.com:443/rtmp',
    });
    expect(parsePushUrl('rtmp://[::1]/app')).toMatchObject({ tcUrl: 'rtmp://[::1]/app' });
  });

  it('brings an IPv4 address into its one form, so that a check of addresses cannot be passed by', () => {
    for (const host of ['2130706433', '0x7f000001', '127.1', '127.0.0.1.']) {
      expect(parsePushUrl(`rtmp://${host}/app`)).toMatchObject({ host: '127.0.0.1' });
    }
  });

  it.each([
    ['http://example.com/app', 'must be an address that begins with rtmp:// or rtmps://'],
    ['rtmp:', 'must be an address that begins with rtmp:// or rtmps://'],
    ['nonsense', 'must be an address that begins with rtmp:// or rtmps://'],
    ['rtmp://user:password@example.com/app', 'must not contain a user name or password'],
    ['rtmp://example.com/app#x', 'must not contain a fragment'],
    ['rtmp://exa mple.com/app', 'must not contain blanks in its host'],
    ['rtmp://example.com:0/app', 'must have a port of 1 to 65535'],
    ['rtmp:///app', 'must name a host'],
    ['rtmp://example.com', 'must contain an application, such as live2 in rtmp://a.rtmp.youtube.com/live2'],
    ['rtmp://example.com//', 'must contain an application, such as live2 in rtmp://a.rtmp.youtube.com/live2'],
  ])('refuses %s', (text, fault) => {
    expect(parsePushUrl(text)).toBe(fault);
  });
});

describe('splitStreamKey', () => {
  it.each([
    ['rtmp://live.twitch.tv/app/live_1_abc', 'rtmp://live.twitch.tv/app', 'live_1_abc'],
    ['rtmps://h:443/rtmp/FB-1-0-A?s_bl=1&s_psm=1', 'rtmps://h:443/rtmp', 'FB-1-0-A?s_bl=1&s_psm=1'],
    ['rtmp://h/app/instance/key', 'rtmp://h/app/instance', 'key'],
  ])('%s', (text, url, streamKey) => {
    expect(splitStreamKey(text)).toEqual({ url, streamKey });
  });

  it.each(['rtmp://a.rtmp.youtube.com/live2', 'rtmp://h/app/', 'rtmp://h', 'rtmp://h//key'])(
    'finds none in %s',
    (text) => {
      expect(splitStreamKey(text)).toBeUndefined();
    },
  );
});
