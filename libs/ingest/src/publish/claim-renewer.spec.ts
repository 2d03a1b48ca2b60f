import { describe, expect, it } from 'vitest';
import type { ActivePublisher } from './active-publishers.ts';
import { ClaimRenewer } from './claim-renewer.ts';

const ROUND_MS = 500;

/** A renewer of one publisher, whose rounds a test begins itself. */
function makeRenewer() {
  const state = { nowMs: 0, silentMs: 0 };
  const publisher = {
    claim: { streamId: 'of the test' },
    get silentMs() {
      return state.silentMs;
    },
  };
  const active = [{ publisher } as unknown as ActivePublisher];
  const told: number[][] = [];
  const lists = { active: { list: () => active }, waiting: { list: () => [] } };
  const renewer = new ClaimRenewer(
    lists as unknown as ConstructorParameters<typeof ClaimRenewer>[0],
    {
      renewClaims: (_claims, silences) => {
        told.push([...(silences ?? [])]);
        return Promise.resolve([undefined]);
      },
      renewStandbys: () => Promise.resolve([]),
    },
    { hasBegun: false },
    { backupAfterMs: 2_000 },
    {} as ConstructorParameters<typeof ClaimRenewer>[4],
    () => state.nowMs,
    { info: () => undefined, warn: () => undefined, error: () => undefined },
  );
  /** @returns what the store was told of the silence in this round; undefined: nothing at all */
  const round = async (silentMs: number, afterMs = ROUND_MS): Promise<number | undefined> => {
    state.nowMs += afterMs;
    state.silentMs = silentMs;
    told.splice(0);
    await renewer.renew();
    return told[0]?.[0];
  };
  return round;
}

describe('the renewal of encoders that wait', () => {
  it('says that one could go on, until the edge stops', async () => {
    const publisher = { claim: { streamId: 'of the test' }, silentMs: 20, hasBegun: true };
    const lists = {
      active: { list: () => [] },
      waiting: { list: () => [{ publisher }] },
      detailsOf: () => ({ protocol: 'rtmp', encoder: '', clientAddress: '' }),
    };
    const drain = { hasBegun: false };
    const told: boolean[] = [];
    const renewer = new ClaimRenewer(
      lists as unknown as ConstructorParameters<typeof ClaimRenewer>[0],
      {
        renewClaims: () => Promise.resolve([]),
        renewStandbys: (reports) => {
          told.push(...reports.map(({ isReady }) => isReady));
          return Promise.resolve([{ outcome: 'waiting' }]);
        },
      },
      drain,
      { backupAfterMs: 2_000 },
      {} as ConstructorParameters<typeof ClaimRenewer>[4],
      () => 0,
      { info: () => undefined, warn: () => undefined, error: () => undefined },
    );
    await renewer.renew();
    drain.hasBegun = true;
    await renewer.renew();
    expect(told).toEqual([true, false]);
  });
});

describe('the renewal of claims', () => {
  it('is done in every second round, and in each one while the publisher is silent and once it is not any more', async () => {
    const round = makeRenewer();
    expect([await round(20), await round(20), await round(20), await round(20)]).toEqual([0, undefined, 0, undefined]);
    expect([await round(499), await round(999), await round(1_499), await round(1_999)]).toEqual([
      0, 999, 1_499, 1_999,
    ]);
    expect([await round(20), await round(20), await round(20)]).toEqual([0, undefined, 0]);
    // What was told in a whole round is taken back in the half one.
    expect([await round(20), await round(700), await round(20), await round(20)]).toEqual([undefined, 700, 0, 0]);
  });

  it('says nothing of silence in a round that comes late: what was sent meanwhile is not read yet', async () => {
    const round = makeRenewer();
    await round(20);
    expect(await round(3_000, 3_000)).toBeUndefined();
    expect(await round(3_000, 3_000)).toBe(0);
    expect(await round(3_500)).toBe(3_500);
  });
});
