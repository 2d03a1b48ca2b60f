import { describe, expect, it } from 'vitest';
import { newId } from '../identity/ids.ts';
import { formatRelayUsername, isRelaySubject, parseRelayUsername } from './relay-username.ts';

const tenantId = newId('ten');

describe('the user name of a relay credential', () => {
  it('comes back from its text', () => {
    const name = { expiresAtS: 1_790_000_000, tenantId, subject: newId('ice') };
    expect(parseRelayUsername(formatRelayUsername(name))).toEqual(name);
  });

  it.each([
    '',
    'x',
    `0:${tenantId}:a`,
    `01:${tenantId}:a`,
    `1e9:${tenantId}:a`,
    `1790000000:${tenantId}:`,
    `1790000000:${tenantId}`,
    `1790000000:${tenantId}:a:b`,
    `1790000000:ten_1:a`,
    `1790000000:${tenantId}:a.b`,
    `1790000000:${tenantId}:${'a'.repeat(65)}`,
    `1790000000000:${tenantId}:a`,
  ])('is not %j', (text) => {
    expect(parseRelayUsername(text)).toBeUndefined();
  });

  it('has a subject of letters, digits, _ and -', () => {
    expect(['a', 'A-1_', 'a'.repeat(64)].map(isRelaySubject)).toEqual([true, true, true]);
    expect(['', 'a b', 'a*', 'ä', 'a\n'].map(isRelaySubject)).toEqual([false, false, false, false, false]);
  });
});
