import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EVENT_TYPES, eventFilters, filtersOf } from './event-types.ts';

describe('EVENT_TYPES', () => {
  it('is the table of docs/webhooks.md', () => {
    const page = readFileSync(new URL('../../../../docs/webhooks.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `([a-z_]+\.[a-z_]+)` +\| (.+?) +\|$/gm)].map(([, type, when]) => [type, when]);
    expect(Object.fromEntries(rows)).toEqual(EVENT_TYPES);
  });

  it('passes each type through filters that an endpoint may ask for', () => {
    expect(filtersOf('stream_key.revoked')).toEqual(['*', 'stream_key.*', 'stream_key.revoked']);
    for (const filter of filtersOf('stream_key.revoked')) expect(eventFilters).toContain(filter);
  });
});
