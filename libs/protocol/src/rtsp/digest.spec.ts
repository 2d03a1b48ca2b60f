import { describe, expect, it } from 'vitest';
import { digestResponse, parseDigestCredentials } from './index.ts';

/** RFC 7616 section 3.9.1. */
const EXAMPLE =
  'Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=SHA-256, ' +
  'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", ' +
  'qop=auth, response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", ' +
  'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';

describe('Digest', () => {
  it('is what RFC 7616 has as examples, with SHA-256 and with MD5', () => {
    const read = parseDigestCredentials(EXAMPLE)!;
    expect(digestResponse(read, 'Circle of Life', 'GET')).toBe(read.response);
    expect(digestResponse({ ...read, algorithm: 'MD5' }, 'Circle of Life', 'GET')).toBe(
      '8ca523f5e9506fed4657c9700eebdbec',
    );
  });

  it('may be without qop, as RFC 2069 has it', () => {
    const header = 'digest username="a\\"b",realm="r",nonce="n",uri="rtsp://h/x",response="AB"';
    const read = parseDigestCredentials(header);
    expect(read).toEqual({
      username: 'a"b',
      realm: 'r',
      nonce: 'n',
      uri: 'rtsp://h/x',
      response: 'ab',
      algorithm: 'MD5',
      counted: undefined,
    });
    // md5(md5('u:r:p') + ':n:' + md5('M:x')).
    const simple = { username: 'u', realm: 'r', nonce: 'n', uri: 'x', algorithm: 'MD5', counted: undefined } as const;
    expect(digestResponse(simple, 'p', 'M')).toBe('4f102c245ba11091709b1dfaded54d6d');
  });

  it.each([
    ['another scheme', 'Basic dXNlcg=='],
    ['no response', 'Digest username="a",realm="r",nonce="n",uri="u"'],
    ['another algorithm', `${EXAMPLE}`.replace('SHA-256', 'SHA-512-256')],
    ['another protection', `${EXAMPLE}`.replace('qop=auth', 'qop=auth-int')],
    ['no count', `${EXAMPLE}`.replace('nc=00000001, ', '')],
    ['text between parameters', 'Digest username="a" x realm="r",nonce="n",uri="u",response="1"'],
    ['a quote that does not end', 'Digest username="a'],
    [
      'too many parameters',
      `Digest ${Array.from({ length: 20 }, (_, i) => `${'abcdefghijklmnopqrst'[i]}=1`).join(',')}`,
    ],
    ['nothing', 'Digest '],
  ])('is not read with %s', (_, header) => expect(parseDigestCredentials(header)).toBe(undefined));
});
