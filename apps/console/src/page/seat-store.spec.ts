import { expect, it } from 'vitest';
import { SeatStore } from './seat-store.ts';
import type { SeatStorage } from './seat-store.ts';

function storage(): SeatStorage & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return { kept, getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) };
}

it('keeps secret and freshest token of a link over a reload', () => {
  const tab = storage();
  const before = new SeatStore(tab, 'link');
  expect([before.token, before.secret.length]).toEqual(['link', 48]);
  before.renew('fresh');
  const after = new SeatStore(tab, 'link');
  expect([after.token, after.secret]).toEqual(['fresh', before.secret]);
});

it('begins anew with another link, in another tab, and where nothing can be kept', () => {
  const tab = storage();
  const first = new SeatStore(tab, 'link');
  first.renew('fresh');
  const others = [new SeatStore(storage(), 'link'), new SeatStore(undefined, 'link'), new SeatStore(tab, 'other')];
  expect(others.map(({ token }) => token)).toEqual(['link', 'link', 'other']);
  expect(new Set([first, ...others].map(({ secret }) => secret)).size).toBe(4);
});

it.each(['', 'null', '{', '[]', '{"link":"link"}', '{"link":"link","secret":5,"token":"x"}'])(
  'passes over what it has not written: %j',
  (text) => {
    const tab = storage();
    new SeatStore(tab, 'link').renew('fresh');
    for (const key of tab.kept.keys()) tab.kept.set(key, text);
    expect(new SeatStore(tab, 'link').token).toBe('link');
  },
);
