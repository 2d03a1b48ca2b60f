import { describe, expect, it } from 'vitest';
import { ADOBE_NEED_USER, adobeDigest, formatAdobeChallenge, parseAdobeLogin } from './adobe-login.ts';

describe('parseAdobeLogin', () => {
  it.each([
    ['live', undefined],
    ['live?user=a&response=b', undefined],
    ['live?authmod=adobe', { step: 'begin' }],
    ['live?authmod=adobe&user=', { step: 'begin' }],
    ['live?authmod=llnw&user=a', { step: 'begin' }],
    ['live?authmod=adobe&user=skey_1', { step: 'user', user: 'skey_1' }],
    ['live?authmod=adobe?authmod=adobe&user=skey_1', { step: 'user', user: 'skey_1' }],
    [
      'live/x?authmod=adobe&user=skey_1&challenge=0a1b&response=kt+S5/Q==&opaque=AQ-_',
      { step: 'answer', user: 'skey_1', clientChallenge: '0a1b', response: 'kt+S5/Q==', opaque: 'AQ-_' },
    ],
    [
      'live?authmod=adobe&user=a%20b&challenge=c&response=kt%2BS5%2FQ%3D%3D',
      { step: 'answer', user: 'a b', clientChallenge: 'c', response: 'kt+S5/Q==', opaque: '' },
    ],
    [
      'live?authmod=adobe&user=u&challenge=rOH4Qw==\u007f\u0001x&response=kt+S5/Q==\u0002=&opaque=AQ',
      { step: 'answer', user: 'u', clientChallenge: 'rOH4Qw==', response: 'kt+S5/Q==', opaque: 'AQ' },
    ],
    ['live?authmod=adobe&user=%zz', { step: 'user', user: '%zz' }],
    ['live?authmod=adobe&user=a&__proto__=b', { step: 'user', user: 'a' }],
  ])('finds in %j the step of the client', (app, login) => {
    expect(parseAdobeLogin(app)).toEqual(login);
  });
});

it('digests as FFmpeg and librtmp do', () => {
  const given = { user: 'skey_1', salt: 'salt', password: 'mr_st_pass', opaque: 'opaque', clientChallenge: '0a1b2c3d' };
  // Computed with Python's hashlib: base64(md5(base64(md5(user salt password)) opaque challenge)).
  expect(adobeDigest(given).toString('base64')).toBe('kt+S5SD2u7duXFBqCPcHXw==');
});

it('says what clients look for, within the 255 bytes that FFmpeg reads', () => {
  expect(ADOBE_NEED_USER).toContain('code=403 need auth; authmod=adobe');
  const challenge = { user: `skey_${'0'.repeat(26)}`, salt: 's'.repeat(12), opaque: 'o'.repeat(40) };
  const text = formatAdobeChallenge(challenge);
  expect(text).toContain('authmod=adobe ] : ?reason=needauth&user=skey_0');
  expect(text).toMatch(/&salt=s{12}&challenge=o{40}&opaque=o{40}$/);
  expect(text.length).toBeLessThan(256);
});
