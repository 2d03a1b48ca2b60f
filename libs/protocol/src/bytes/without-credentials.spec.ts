import { describe, expect, it } from 'vitest';
import { withoutCredentials } from './without-credentials.ts';

describe('what a server says', () => {
  it('shows neither a password nor what it was shown of it', () => {
    const shown = Buffer.from('admin:hush').toString('base64');
    const said = `no hush, ${shown} and ${shown.replace(/=+$/, '')}`;
    expect(withoutCredentials(said, { username: 'admin', password: 'hush' })).toBe('no ***, ***== and ***');
    expect(withoutCredentials('as it is', { username: '', password: '' })).toBe('as it is');
  });
});
