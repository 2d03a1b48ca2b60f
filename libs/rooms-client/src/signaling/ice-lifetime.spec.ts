import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { IceLifetime } from './ice-lifetime.ts';
import type { IceGrant } from './ice-lifetime.ts';

const at = (seconds: number): string => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();

let clock: FakeClock;
let asked: number;
let answer: () => Promise<IceGrant>;
let renewed: string[];
let lifetime: IceLifetime;

beforeEach(() => {
  clock = new FakeClock(Date.UTC(2026, 0, 1));
  asked = 0;
  renewed = [];
  lifetime = new IceLifetime(
    clock,
    () => 1,
    () => {
      asked++;
      return answer();
    },
    (servers) => renewed.push(...servers.flatMap(({ urls }) => urls)),
  );
});

/** Lets promises that are settled run on. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('IceLifetime', () => {
  it('renews before the credentials run out, and again before the next ones do', async () => {
    answer = async () => ({ servers: [{ urls: ['turn:b'] }], expiresAt: at(1_200) });
    lifetime.begin(at(600), at(0));
    clock.advance(449_000);
    expect(asked).toBe(0);
    clock.advance(1_000);
    await settle();
    expect([asked, renewed]).toEqual([1, ['turn:b']]);
    clock.advance(((1_200 - 450) * 3_000) / 4);
    expect(asked).toBe(2);
  });

  it('goes by the clock of the server', () => {
    answer = async () => ({ servers: [], expiresAt: at(99_999) });
    // Ours is a day ahead.
    clock.advance(86_400_000);
    lifetime.begin(at(600), at(0));
    clock.advance(449_999);
    expect(asked).toBe(0);
    clock.advance(1);
    expect(asked).toBe(1);
  });

  it('tries again when the server cannot be asked', async () => {
    answer = async () => Promise.reject(new Error('away'));
    lifetime.begin(at(600), at(0));
    clock.advance(450_000);
    await settle();
    clock.advance(2_000);
    await settle();
    clock.advance(4_000);
    expect(asked).toBe(3);
    expect(renewed).toEqual([]);
  });

  it('stops', async () => {
    answer = async () => ({ servers: [{ urls: ['turn:b'] }], expiresAt: at(1_200) });
    lifetime.begin(at(600), at(0));
    clock.advance(450_000);
    lifetime.stop();
    await settle();
    expect([renewed, clock.waiting]).toEqual([[], 0]);
  });

  it('leaves servers alone that never expire', () => {
    lifetime.begin('', at(0));
    expect(clock.waiting).toBe(0);
  });
});
