import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EVENT_TYPES, eventFilters, filtersOf } from './event-types.ts';

describe('EVENT_TYPES', () => {
  it('is the table of docs/webhooks.md', () => {
    const page = readFileSync(new URL('../../../../docs/webhooks.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `([a-z_]+\.[a-z_]+)` +\| (.+?) +\|$/gm)].map(([, type, when]) => [type, when]);
    expect(Object.fromEntries(rows)).toEqual(EVENT_TYPES);
  });

  it('has no type that is never recorded, and none that no test expects', () => {
    const root = join(import.meta.dirname, '../../../..');
    const files = globSync(['apps/gateway/src/**/*.ts', 'libs/control/src/**/*.ts'], { cwd: root });
    const read = (isTest: boolean): string =>
      files
        .filter((file) => file.endsWith('.spec.ts') === isTest && !file.endsWith('event-types.ts'))
        .map((file) => readFileSync(join(root, file), 'utf8'))
        .join('\n');
    const [sources, tests] = [read(false), read(true)];
    const isNamed = (text: string) => (type: string) => new RegExp(`['"\`=]${type.replace('.', '\\.')}\\b`).test(text);
    expect(Object.keys(EVENT_TYPES).filter((type) => !isNamed(sources)(type))).toEqual([]);
    expect(Object.keys(EVENT_TYPES).filter((type) => !isNamed(tests)(type))).toEqual([]);
  });

  it('passes each type through filters that an endpoint may ask for', () => {
    expect(filtersOf('stream_key.revoked')).toEqual(['*', 'stream_key.*', 'stream_key.revoked']);
    for (const filter of filtersOf('stream_key.revoked')) expect(eventFilters).toContain(filter);
  });
});
