import { describe, expect, it } from 'vitest';
import { parseChallenges, RtspAuthorization } from './challenge.ts';
import { parseDigestCredentials } from './digest.ts';

const digest = (algorithm: string, more: object = {}) => ({
  scheme: 'digest',
  realm: 'camera',
  nonce: 'abc',
  algorithm,
  opaque: undefined,
  isCounted: false,
  ...more,
});

describe('parseChallenges', () => {
  it.each([
    ['Basic realm="camera"', [{ scheme: 'basic' }]],
    ['basic', [{ scheme: 'basic' }]],
    ['Digest realm="camera", nonce="abc"', [digest('MD5')]],
    ['Digest realm="camera",nonce="abc",stale=FALSE', [digest('MD5')]],
    [
      'Basic realm="a, b=c", Digest realm="camera", nonce="abc", algorithm=MD5, Digest realm="camera", nonce="abc", algorithm=SHA-256, qop="auth,auth-int", opaque="o"',
      [digest('SHA-256', { isCounted: true, opaque: 'o' }), digest('MD5'), { scheme: 'basic' }],
    ],
    ['Digest realm="a \\"b\\"", nonce=abc', [digest('MD5', { realm: 'a "b"' })]],
    ['Digest realm="camera", nonce="abc", qop="auth-int"', []],
    ['Digest realm="camera", nonce="abc", algorithm=MD5-sess', []],
    ['Digest realm="camera"', []],
    ['Negotiate abc==, Basic realm="x"', [{ scheme: 'basic' }]],
    ['', []],
    ['"', []],
  ])('reads %s', (header, challenges) => {
    expect(parseChallenges(header)).toEqual(challenges);
  });
});

it('takes no long time for a header that is made to', () => {
  const begunMs = performance.now();
  for (const part of [' ', 'a ', 'a=', '\\', '"a', ','])
    expect(parseChallenges(`Digest ${part.repeat(60_000)}x`)).toEqual([]);
  expect(performance.now() - begunMs).toBeLessThan(2_000);
});

describe('RtspAuthorization', () => {
  // RFC 7616 section 3.9.1.
  it.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ] as const)('answers as the RFC does with %s', (algorithm, response) => {
    const nonce = '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v';
    const cnonce = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ';
    const challenge = { scheme: 'digest', realm: 'http-auth@example.org', nonce, algorithm, isCounted: true } as const;
    const credentials = { username: 'Mufasa', password: 'Circle of Life' };
    const authorization = new RtspAuthorization({ ...challenge, opaque: 'o"p' }, credentials, cnonce);
    const first = authorization.header('GET', '/dir/index.html');
    expect(parseDigestCredentials(first)).toMatchObject({ response, algorithm, counted: { nc: '00000001', cnonce } });
    expect(first).toContain('opaque="o\\"p"');
    const second = parseDigestCredentials(authorization.header('GET', '/dir/index.html'));
    expect(second?.counted?.nc).toBe('00000002');
    expect(second?.response).not.toBe(response);
  });

  it('shows the password itself where only that is asked for', () => {
    const authorization = new RtspAuthorization({ scheme: 'basic' }, { username: 'admin', password: 'a:b' });
    expect(authorization.header('DESCRIBE', 'rtsp://camera/')).toBe(
      `Basic ${Buffer.from('admin:a:b').toString('base64')}`,
    );
  });
});
