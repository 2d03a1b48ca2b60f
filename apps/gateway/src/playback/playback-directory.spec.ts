// What is asked for all the time, and is looked up ahead.
import { IdPrefix, newId } from '@millrace/domain';
import { createLogger } from '@millrace/service-kit';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Database } from '../database/database.ts';
import type { KnownFacts } from '../known/known-facts.ts';
import type { PlaybackQuotas } from '../quotas/playback-quotas.ts';
import { PlaybackDirectory } from './playback-directory.ts';

const playbackId = newId(IdPrefix.playback);
const fact = { streamId: newId(IdPrefix.liveStream), tenantId: newId(IdPrefix.tenant), policy: 'public' };
const NETWORK = '192.0.2.1';

let directory: PlaybackDirectory;
/** How the live store answers. */
let playback: () => Promise<unknown>;
let stream: { enabled: boolean; name: string };
let lookups: number;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_795_000_000_000, toFake: ['Date'] });
  lookups = 0;
  playback = () => Promise.resolve(fact);
  stream = { enabled: true, name: 'a' };
  const of = (kind: string) => ({
    recall: () => {
      if (kind === 'playback') lookups++;
      return kind === 'playback' ? playback() : Promise.resolve(kind === 'streams' ? stream : { suspended: false });
    },
  });
  directory = new PlaybackDirectory(
    { of, changed: () => Promise.resolve() } as unknown as KnownFacts,
    { isUp: true } as Database,
    { refusal: () => undefined } as unknown as PlaybackQuotas,
    createLogger({ service: 'gateway', level: 'silent' }),
  );
});
afterEach(() => {
  vi.useRealTimers();
});

const at = (ageMs: number): number => {
  vi.setSystemTime(1_795_000_000_000 + ageMs);
  return Date.now();
};
const renew = (ageMs: number) => directory.renew(playbackId, NETWORK, at(ageMs));
const fresh = (ageMs: number) => directory.fresh(playbackId, at(ageMs));

it('is looked up once before it is too old, and known all the time', async () => {
  expect(renew(0)).toBeUndefined();
  await directory.find(playbackId, NETWORK);
  expect([renew(299), lookups]).toEqual([fact, 1]);
  expect([renew(300), renew(301), fresh(399), lookups]).toEqual([fact, fact, fact, 2]);
  await expect.poll(() => directory.fresh(playbackId, 1_795_000_000_000 + 500)).toBe(fact);
  expect(lookups).toBe(2);
});

it('is known for no longer than before while its look-up does not answer or fails', async () => {
  await directory.find(playbackId, NETWORK);
  const late = Promise.withResolvers<never>();
  playback = () => late.promise;
  expect(renew(350)).toBe(fact);
  expect([fresh(399), fresh(400), renew(400)]).toEqual([fact, undefined, undefined]);
  late.reject(new Error('away'));
  await expect(late.promise).rejects.toThrow('away');
});

it('is not known any more once a look-up ahead has found that it may not be watched', async () => {
  await directory.find(playbackId, NETWORK);
  stream = { enabled: false, name: 'a' };
  expect(renew(310)).toBe(fact);
  await expect.poll(() => fresh(310)).toBeUndefined();
  await expect(directory.find(playbackId, NETWORK)).rejects.toMatchObject({ code: 'playback_disabled' });
});
