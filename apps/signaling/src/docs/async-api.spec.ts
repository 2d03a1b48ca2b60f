import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clientMessages } from '../messages/client-messages.ts';
import { serverMessages } from '../messages/server-messages.ts';
import { asyncApi } from './async-api.ts';

const read = (file: string): string => readFileSync(resolve(import.meta.dirname, '../../../../docs', file), 'utf8');

describe('docs/signaling.asyncapi.json', () => {
  const document = JSON.parse(read('signaling.asyncapi.json')) as Record<string, unknown>;

  it('is what the schemas say: else run "npm run async-api"', () => {
    expect(document).toEqual(JSON.parse(JSON.stringify(asyncApi())));
  });

  it('refers only to what it holds', () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) =>
      path.split('/'),
    );
    expect(refs.length).toBeGreaterThan(60);
    const follow = (path: string[]) =>
      path.reduce<unknown>((place, name) => (place as Record<string, unknown> | undefined)?.[name], document);
    expect(refs.filter((path) => follow(path) === undefined)).toEqual([]);
  });
});

describe('docs/signaling.md', () => {
  const page = read('signaling.md');
  const inTable = (heading: string): string[] => {
    const section = page.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
    return [...section.matchAll(/^\| `(\w+)`/gm)].map(([, type = '']) => type);
  };

  it('tells of every message', () => {
    expect(inTable('What a client sends')).toEqual(Object.keys(clientMessages));
    expect([...inTable('What the server answers'), ...inTable('Events in the room')]).toEqual(
      Object.keys(serverMessages),
    );
  });
});
