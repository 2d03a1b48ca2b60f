import { describe, expect, it } from 'vitest';
import { secretsOfQuery, withoutCredentials, withoutSecrets } from './without-credentials.ts';

describe('what a server says', () => {
  it('shows neither a password nor what it was shown of it', () => {
    const shown = Buffer.from('admin:hush').toString('base64');
    const said = `no hush, ${shown} and ${shown.replace(/=+$/, '')}`;
    expect(withoutCredentials(said, { username: 'admin', password: 'hush' })).toBe('no ***, ***== and ***');
    expect(withoutCredentials('not p%40ss, p@ss', { username: '', password: 'p@ss' })).toBe('not ***, ***');
    expect(withoutCredentials('as it is', { username: '', password: '' })).toBe('as it is');
  });

  it('shows no query of the address that it was asked for', () => {
    const secrets = secretsOfQuery('rtmp://h/app/stream?channel=1&token=s3cr%2Ft');
    const said = 'stream?channel=1&token=s3cr%2Ft: token s3cr/t of s3cr%2Ft is wrong on channel 1';
    expect(withoutSecrets(said, secrets)).toBe('stream?***: token *** of *** is wrong on channel 1');
    expect(secretsOfQuery('rtmp://h/app/stream').filter(Boolean)).toEqual([]);
  });
});
