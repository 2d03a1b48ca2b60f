import { createMemoryLiveStore } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SrtHandshakes } from './srt-handshakes.ts';

const KEY = 'skey_00000000000000000000000001';
const saltOf = (number: number): string => Buffer.alloc(16, number).toString('base64');

let store: LiveStore;
beforeEach(() => void (store = createMemoryLiveStore()));
afterEach(() => store.close());

const remembering = (srtSeenHandshakesPerKey: number) => new SrtHandshakes(store, { srtSeenHandshakesPerKey });

describe('handshakes of SRT', () => {
  it('are new once, for each key and on any gateway, also where several come at once', async () => {
    const gateways = [remembering(10), remembering(10)];
    const outcomes = await Promise.all(
      Array.from({ length: 6 }, (_, i) => gateways[i % 2]!.use(KEY, { salt: saltOf(1), attempt: String(i) })),
    );
    expect(outcomes.filter(Boolean)).toHaveLength(1);
    const first = String(outcomes.indexOf(true));
    expect(await gateways[1]!.use(KEY, { salt: saltOf(1), attempt: first })).toBe(true);
    expect(await gateways[0]!.use(KEY, { salt: saltOf(1) })).toBe(false);
    expect(await gateways[0]!.use(KEY, { salt: saltOf(2) })).toBe(true);
    expect(await gateways[0]!.use(KEY.replace(/1$/, '2'), { salt: saltOf(1) })).toBe(true);
  });

  it('are remembered up to a number, the newest ones, and not at all where that is 0', async () => {
    const two = remembering(2);
    for (const number of [1, 2, 3]) expect(await two.use(KEY, { salt: saltOf(number) })).toBe(true);
    for (const number of [2, 3]) expect(await two.use(KEY, { salt: saltOf(number) })).toBe(false);
    expect(await two.use(KEY, { salt: saltOf(1) })).toBe(true);
    for (let i = 0; i < 2; i++) expect(await remembering(0).use(KEY, { salt: saltOf(3) })).toBe(true);
  });

  it('wait for their turn, and are undecided where it does not come', async () => {
    await store.useOnce(`srt-turn:${KEY}`, 'a gateway that died', 300);
    expect(await remembering(2).use(KEY, { salt: saltOf(1) })).toBe(true);
    vi.spyOn(store, 'useOnce').mockResolvedValue(false);
    await expect(remembering(2).use(KEY, { salt: saltOf(2) })).rejects.toThrow('another gateway decides');
  });

  it('that are known wait for no turn, so that recordings which are sent without a pause hold up no encoder', async () => {
    const gateway = remembering(10);
    expect(await gateway.use(KEY, { salt: saltOf(1), attempt: 'first' })).toBe(true);
    const turns = vi.spyOn(store, 'useOnce');
    expect(await gateway.use(KEY, { salt: saltOf(1), attempt: 'recording' })).toBe(false);
    expect(await gateway.use(KEY, { salt: saltOf(1), attempt: 'first' })).toBe(true);
    expect(turns).not.toHaveBeenCalled();
  });
});
