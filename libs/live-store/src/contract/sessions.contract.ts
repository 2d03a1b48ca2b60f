import { newId } from '@millrace/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LiveStore } from '../live-store.ts';
import type { LiveStoreHarness, MakeHarness } from './live-store-harness.ts';
import { again, claimed, given, sampleRequest } from './sample-streams.ts';

/** Sessions as packagers see and end them; keys as they are revoked; quotas. */
export function sessionsContract(makeHarness: MakeHarness): void {
  describe('sessions', () => {
    let harness: LiveStoreHarness;
    let store: LiveStore;

    beforeEach(async () => {
      harness = await makeHarness();
      store = await harness.open();
    });
    afterEach(() => harness.close());

    const useLimits = async (limits: Parameters<MakeHarness>[0]): Promise<void> => {
      await harness.close();
      harness = await makeHarness(limits);
      store = await harness.open();
    };

    it('lists every open session with its claim and who packages it', async () => {
      expect(await store.listLiveStreams()).toEqual([]);
      const a = claimed(await store.claimPublish(sampleRequest())).claim;
      const b = claimed(await store.claimPublish(sampleRequest())).claim;
      const c = claimed(await store.claimPublish(sampleRequest())).claim;
      await store.acquireLease(a.streamId, 'packager 1 a', 60_000);
      await store.releaseLease(given(await store.acquireLease(b.streamId, 'packager-2', 60_000)));
      await store.releaseClaim(c);
      await store.acquireLease(newId('str'), 'packager-3', 60_000);
      const listed = await store.listLiveStreams();
      const byId = new Map(listed.map((live) => [live.claim.streamId, live]));
      expect(listed).toHaveLength(3);
      expect(byId.get(a.streamId)).toEqual({ claim: a, disconnectedAtMs: undefined, leaseOwner: 'packager 1 a' });
      expect(byId.get(b.streamId)).toEqual({ claim: b, disconnectedAtMs: undefined, leaseOwner: undefined });
      expect(byId.get(c.streamId)).toMatchObject({ claim: c, leaseOwner: undefined });
      expect(typeof byId.get(c.streamId)?.disconnectedAtMs).toBe('number');
      for (const { claim, leaseOwner } of listed)
        expect(await store.readLiveStream(claim.streamId)).toMatchObject({ claim, leaseOwner });
      expect(await store.readLiveStream(newId('str'))).toBeUndefined();
    });

    it('lists the claim of the newest epoch, also to who has listed an older one', async () => {
      const request = sampleRequest({ settings: { secondPublisher: 'takeover' } });
      const first = claimed(await store.claimPublish(request)).claim;
      expect((await store.listLiveStreams()).map(({ claim }) => claim)).toEqual([first]);
      const second = claimed(await store.claimPublish(again(request, { edgeId: 'edge-2' }))).claim;
      expect((await store.listLiveStreams()).map(({ claim }) => claim)).toEqual([second]);
    });

    it('stops naming an owner whose lease has expired', async () => {
      const { claim } = claimed(await store.claimPublish(sampleRequest()));
      await store.acquireLease(claim.streamId, 'packager-1', 100);
      await harness.until(async () => (await store.readLiveStream(claim.streamId))?.leaseOwner === undefined);
      expect((await store.listLiveStreams())[0]?.leaseOwner).toBeUndefined();
    });

    it('ends a session only while no publisher is connected, and for good', async () => {
      const request = sampleRequest();
      const { claim } = claimed(await store.claimPublish(request));
      expect(await store.endSession(claim.streamId, claim.sessionId)).toBe(false);
      await store.releaseClaim(claim);
      expect(await store.endSession(claim.streamId, newId('ses'))).toBe(true);
      expect(await store.listLiveStreams()).toHaveLength(1);
      expect(await store.endSession(claim.streamId, claim.sessionId)).toBe(true);
      expect(await store.endSession(claim.streamId, claim.sessionId)).toBe(true);
      expect(await store.listLiveStreams()).toEqual([]);
      expect(await store.readLiveStream(claim.streamId)).toBeUndefined();
      expect(await store.renewClaims([claim])).toEqual(['ended']);
      await store.releaseClaim(claim);
      expect(await store.listLiveStreams()).toEqual([]);
      const next = claimed(await store.claimPublish(again(request)));
      expect(next.resumed).toBe(false);
      expect(next.claim.epoch).toBeGreaterThan(claim.epoch);
    });

    it('does not end a session whose publisher has come back', async () => {
      const request = sampleRequest();
      const { claim } = claimed(await store.claimPublish(request));
      await store.releaseClaim(claim);
      await store.claimPublish(again(request));
      expect(await store.endSession(claim.streamId, claim.sessionId)).toBe(false);
    });

    it('renews no claim of an ended session, though it was never released', async () => {
      await useLimits({ claimTtlMs: 50 });
      const request = sampleRequest();
      const { claim } = claimed(await store.claimPublish(request));
      await harness.until(() => store.endSession(claim.streamId, claim.sessionId));
      expect(await store.renewClaims([claim])).toEqual(['ended']);
      await store.releaseClaim(claim);
      expect(await store.readLiveStream(claim.streamId)).toBeUndefined();
      expect(await store.listLiveStreams()).toEqual([]);
      expect(claimed(await store.claimPublish(again(request))).claim.sessionId).not.toBe(claim.sessionId);
    });

    it('ends a session that it does not know, so that no late renewal opens it again', async () => {
      const { claim } = claimed(await store.claimPublish(sampleRequest()));
      const lost = { ...claim, streamId: newId('str') };
      expect(await store.endSession(lost.streamId, lost.sessionId)).toBe(true);
      expect(await store.renewClaims([lost])).toEqual(['ended']);
      await store.releaseClaim(lost);
      expect(await store.readLiveStream(lost.streamId)).toBeUndefined();
      expect(claimed(await store.claimPublish(sampleRequest({ streamId: lost.streamId }))).resumed).toBe(false);
    });

    it('does not count the time in which it could not be reached', async () => {
      await useLimits({ claimTtlMs: 1_000, outageMs: 600 });
      const settings = { reconnectWindowMs: 1_000 };
      const tenantId = newId('ten');
      const publishing = claimed(await store.claimPublish(sampleRequest({ tenantId, settings }))).claim;
      const waiting = claimed(await store.claimPublish(sampleRequest({ tenantId, settings }))).claim;
      await store.releaseClaim(waiting);
      const allOver = harness.nowMs() + 2_500;
      await harness.until(() => harness.nowMs() > allOver);
      // The first caller after it: a second publisher, or a packager that would end the session.
      expect(await store.endSession(publishing.streamId, publishing.sessionId)).toBe(false);
      expect((await store.claimPublish(sampleRequest({ ...publishing, maxLiveStreams: 9 }))).outcome).toBe(
        'already_publishing',
      );
      const quota = sampleRequest({ tenantId, maxLiveStreams: 2 });
      expect(await store.claimPublish(quota)).toEqual({ outcome: 'quota' });
      const listed = await store.listLiveStreams();
      const byId = new Map(listed.map(({ claim, disconnectedAtMs }) => [claim.streamId, disconnectedAtMs]));
      expect(byId.get(publishing.streamId)).toBeUndefined();
      expect(byId.get(waiting.streamId) ?? 0).toBeGreaterThan(allOver - 1_000);
      // From here on time counts again.
      await harness.until(() => store.endSession(publishing.streamId, publishing.sessionId));
    });

    it('forgets a session that is neither renewed nor ended, after a long while', async () => {
      await useLimits({ claimTtlMs: 50, sessionTtlMs: 300 });
      const { claim } = claimed(await store.claimPublish(sampleRequest()));
      await harness.until(async () => (await store.readLiveStream(claim.streamId))?.disconnectedAtMs !== undefined);
      await harness.until(async () => (await store.readLiveStream(claim.streamId)) === undefined);
      expect(await store.listLiveStreams()).toEqual([]);
    });

    it('cuts who publishes with a revoked key; another key may go on with the session', async () => {
      const request = sampleRequest();
      const { claim } = claimed(await store.claimPublish(request));
      const bystander = claimed(await store.claimPublish(sampleRequest())).claim;
      await store.revokeClaims(request.streamId, newId('skey'));
      expect(await store.renewClaims([claim])).toEqual([undefined]);
      await store.revokeClaims(request.streamId, request.streamKeyId);
      expect(await store.renewClaims([claim, bystander])).toEqual(['key_revoked', undefined]);
      expect((await store.readLiveStream(claim.streamId))?.disconnectedAtMs).toBeDefined();
      const next = claimed(await store.claimPublish(again(request, { streamKeyId: newId('skey') })));
      expect([next.resumed, next.replaced, next.claim.sessionId]).toEqual([true, false, claim.sessionId]);
      expect(await store.renewClaims([claim, next.claim])).toEqual(['key_revoked', undefined]);
    });

    it('answers key_revoked also after the session was ended, and long after', async () => {
      await useLimits({ claimTtlMs: 100 });
      const request = sampleRequest();
      const { claim } = claimed(await store.claimPublish(request));
      await store.revokeClaims(request.streamId, request.streamKeyId);
      await store.endSession(claim.streamId, claim.sessionId);
      const markExpiry = harness.nowMs() + 100;
      await harness.until(() => harness.nowMs() > markExpiry);
      expect(await store.renewClaims([claim])).toEqual(['key_revoked']);
    });

    it('refuses a claim whose key is revoked while it is on its way, but not for ever', async () => {
      await useLimits({ claimTtlMs: 1_000 });
      const request = sampleRequest();
      await store.revokeClaims(request.streamId, request.streamKeyId);
      expect(await store.claimPublish(request)).toEqual({ outcome: 'key_revoked' });
      await harness.until(async () => (await store.claimPublish(again(request))).outcome === 'claimed');
    });

    it('lets a tenant have so many open sessions, connected or waiting, and no more', async () => {
      const tenantId = newId('ten');
      const request = (change = {}): ReturnType<typeof sampleRequest> =>
        sampleRequest({ tenantId, maxLiveStreams: 2, ...change });
      const first = request({ settings: { secondPublisher: 'takeover' } });
      const a = claimed(await store.claimPublish(first)).claim;
      const b = claimed(await store.claimPublish(request())).claim;
      expect(await store.claimPublish(request())).toEqual({ outcome: 'quota' });
      await store.releaseClaim(b);
      expect(await store.claimPublish(request())).toEqual({ outcome: 'quota' });
      expect(claimed(await store.claimPublish(again(first))).replaced).toBe(true);
      expect((await store.claimPublish(sampleRequest({ maxLiveStreams: 1 }))).outcome).toBe('claimed');
      await store.endSession(b.streamId, b.sessionId);
      claimed(await store.claimPublish(request()));
      expect(await store.claimPublish(request({ maxLiveStreams: 0 }))).toEqual({ outcome: 'quota' });
      expect(a.tenantId).toBe(tenantId);
    });

    it('lets a publisher back into its session also when the quota has become smaller', async () => {
      const request = sampleRequest();
      await store.claimPublish(sampleRequest({ tenantId: request.tenantId }));
      const { claim } = claimed(await store.claimPublish(request));
      await store.releaseClaim(claim);
      expect(claimed(await store.claimPublish(again(request, { maxLiveStreams: 1 }))).resumed).toBe(true);
    });

    it('counts no session whose publisher died and did not come back, though it was not ended', async () => {
      await useLimits({ claimTtlMs: 100 });
      const tenantId = newId('ten');
      const dying = sampleRequest({ tenantId, maxLiveStreams: 1, settings: { reconnectWindowMs: 900 } });
      claimed(await store.claimPublish(dying));
      const next = sampleRequest({ tenantId, maxLiveStreams: 1, settings: { reconnectWindowMs: 100_000 } });
      expect(await store.claimPublish(next)).toEqual({ outcome: 'quota' });
      await harness.until(async () => (await store.claimPublish(next)).outcome === 'claimed');
      expect(await store.claimPublish(again(dying))).toEqual({ outcome: 'quota' });
    });
  });
}
