import { newId } from '@millrace/domain';
import type { PublishClaim } from '@millrace/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LiveStore } from '../live-store.ts';
import type { LiveStoreHarness, MakeHarness } from './live-store-harness.ts';
import { again, claimed, sampleRequest } from './sample-streams.ts';

const CLAIM_TTL_MS = 400;

/** Who publishes: one at a time, by epochs that only grow; who drops may come back. */
export function claimsContract(makeHarness: MakeHarness): void {
  describe('claims', () => {
    let harness: LiveStoreHarness;
    let edge: LiveStore;
    let other: LiveStore;

    beforeEach(async () => {
      harness = await makeHarness();
      [edge, other] = [await harness.open(), await harness.open()];
    });
    afterEach(() => harness.close());

    /** A store in which claims that are not renewed expire soon. */
    const useShortClaims = async (): Promise<void> => {
      await harness.close();
      harness = await makeHarness({ claimTtlMs: CLAIM_TTL_MS });
      [edge, other] = [await harness.open(), await harness.open()];
    };
    const isDisconnected = async (streamId: string): Promise<boolean> =>
      (await other.readLiveStream(streamId))?.disconnectedAtMs !== undefined;

    it('gives a stream to a publisher, with all that its claim says', async () => {
      const before = harness.nowMs();
      const request = sampleRequest();
      const { claim, resumed, replaced } = claimed(await edge.claimPublish(request));
      expect([resumed, replaced]).toEqual([false, false]);
      expect(claim).toEqual({
        tenantId: request.tenantId,
        streamId: request.streamId,
        streamKeyId: request.streamKeyId,
        sessionId: request.newSessionId,
        edgeId: 'edge-1',
        settings: request.settings,
        epoch: claim.epoch,
        sessionStartedAtMs: claim.epochStartedAtMs,
        epochStartedAtMs: claim.epochStartedAtMs,
      });
      expect(claim.epoch).toBeGreaterThanOrEqual(before);
      expect(claim.epochStartedAtMs).toBeGreaterThanOrEqual(before);
      expect(await edge.renewClaims([claim])).toEqual([undefined]);
    });

    it('carries the trace of a publish to the readers of the stream', async () => {
      const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
      const request = sampleRequest({ traceparent });
      const { claim } = claimed(await edge.claimPublish(request));
      expect(claim.traceparent).toBe(traceparent);
      expect((await other.readLiveStream(claim.streamId))?.claim).toEqual(claim);
      expect((await other.listLiveStreams())[0]?.claim).toEqual(claim);
    });

    it('refuses a second publisher', async () => {
      const request = sampleRequest();
      const { claim } = claimed(await edge.claimPublish(request));
      expect(await other.claimPublish(again(request))).toEqual({ outcome: 'already_publishing' });
      expect(await edge.renewClaims([claim])).toEqual([undefined]);
    });

    it('gives a stream to one of many who ask at once', async () => {
      const request = sampleRequest();
      const asked = Array.from({ length: 20 }, (_, i) => (i % 2 ? edge : other).claimPublish(again(request)));
      expect((await Promise.all(asked)).filter(({ outcome }) => outcome === 'claimed')).toHaveLength(1);
    });

    it('lets a second publisher take over when the stream says so: same session, new epoch', async () => {
      const request = sampleRequest({ settings: { secondPublisher: 'takeover' } });
      const first = claimed(await edge.claimPublish(request)).claim;
      const second = claimed(await other.claimPublish(again(request, { edgeId: 'edge-2' })));
      expect([second.resumed, second.replaced]).toEqual([true, true]);
      expect(second.claim).toMatchObject({
        sessionId: first.sessionId,
        sessionStartedAtMs: first.sessionStartedAtMs,
        edgeId: 'edge-2',
      });
      expect(second.claim.epoch).toBeGreaterThan(first.epoch);
      expect(await edge.renewClaims([first])).toEqual(['taken_over']);
      expect(await other.renewClaims([second.claim])).toEqual([undefined]);
    });

    it('has epochs that grow also within one millisecond', async () => {
      const request = sampleRequest({ settings: { secondPublisher: 'takeover' } });
      const epochs: number[] = [];
      for (let i = 0; i < 50; i++) epochs.push(claimed(await edge.claimPublish(again(request))).claim.epoch);
      expect(epochs).toEqual([...new Set(epochs)].sort((x, y) => x - y));
    });

    it('takes a publisher back into its session that returns in time on another edge', async () => {
      const request = sampleRequest();
      const first = claimed(await edge.claimPublish(request)).claim;
      await edge.releaseClaim(first);
      const { claim, resumed, replaced } = claimed(await other.claimPublish(again(request, { edgeId: 'edge-2' })));
      expect([resumed, replaced]).toEqual([true, false]);
      expect(claim.sessionId).toBe(first.sessionId);
      expect(claim.epoch).toBeGreaterThan(first.epoch);
    });

    it('makes a new session of a publisher that returns too late, even when the old one was not ended', async () => {
      const request = sampleRequest({ settings: { reconnectWindowMs: 100 } });
      const first = claimed(await edge.claimPublish(request)).claim;
      await edge.releaseClaim(first);
      const windowEnd = harness.nowMs() + 100;
      await harness.until(() => harness.nowMs() > windowEnd);
      expect(await isDisconnected(request.streamId)).toBe(true);
      const { claim, resumed } = claimed(await other.claimPublish(again(request)));
      expect(resumed).toBe(false);
      expect(claim.sessionId).not.toBe(first.sessionId);
      expect(claim.epoch).toBeGreaterThan(first.epoch);
      expect(await other.endSession(request.streamId, first.sessionId)).toBe(true);
      expect(await other.renewClaims([first, claim])).toEqual(['taken_over', undefined]);
    });

    it('counts a publisher as disconnected since its claim expired, and takes it back from another edge', async () => {
      await useShortClaims();
      const request = sampleRequest();
      const first = claimed(await edge.claimPublish(request)).claim;
      const latestExpiry = harness.nowMs() + CLAIM_TTL_MS;
      await harness.until(() => isDisconnected(request.streamId));
      const { disconnectedAtMs } = (await other.readLiveStream(request.streamId)) ?? {};
      // By the reader's clock, so it may be a few milliseconds beside.
      expect(disconnectedAtMs).toBeLessThanOrEqual(latestExpiry + 50);
      expect(disconnectedAtMs).toBeGreaterThanOrEqual(first.epochStartedAtMs + CLAIM_TTL_MS - 50);
      const { claim, resumed, replaced } = claimed(await other.claimPublish(again(request, { edgeId: 'edge-2' })));
      expect([resumed, replaced]).toEqual([true, false]);
      expect(claim.sessionId).toBe(first.sessionId);
      expect(await edge.renewClaims([first])).toEqual(['taken_over']);
    });

    it('keeps a claim alive that is renewed, and takes back one that is renewed late', async () => {
      await useShortClaims();
      const { claim } = claimed(await edge.claimPublish(sampleRequest()));
      const firstExpiry = harness.nowMs() + CLAIM_TTL_MS;
      const renew = async (): Promise<void> => expect(await edge.renewClaims([claim])).toEqual([undefined]);
      await harness.until(async () => {
        await renew();
        return harness.nowMs() > firstExpiry;
      });
      expect(await isDisconnected(claim.streamId)).toBe(false);
      await harness.until(() => isDisconnected(claim.streamId));
      await renew();
      expect(await isDisconnected(claim.streamId)).toBe(false);
    });

    it('counts a publisher that is released late as disconnected since its claim expired', async () => {
      await useShortClaims();
      const { claim } = claimed(await edge.claimPublish(sampleRequest()));
      await harness.until(() => isDisconnected(claim.streamId));
      const later = harness.nowMs() + 500;
      await harness.until(() => harness.nowMs() > later);
      await edge.releaseClaim(claim);
      const { disconnectedAtMs } = (await other.readLiveStream(claim.streamId)) ?? {};
      expect(disconnectedAtMs).toBeLessThan(later - 400);
    });

    it('puts a claim back that the store does not know', async () => {
      const request = sampleRequest();
      const claim: PublishClaim = {
        tenantId: request.tenantId,
        streamId: request.streamId,
        streamKeyId: request.streamKeyId,
        edgeId: 'edge-9',
        settings: request.settings,
        sessionId: request.newSessionId,
        epoch: 4_000_000_000_000,
        sessionStartedAtMs: 17,
        epochStartedAtMs: 18,
      };
      expect(await edge.renewClaims([claim])).toEqual([undefined]);
      expect(await other.readLiveStream(claim.streamId)).toEqual({
        claim,
        disconnectedAtMs: undefined,
        leaseOwner: undefined,
      });
      expect(await other.claimPublish(request)).toEqual({ outcome: 'already_publishing' });
      await edge.releaseClaim(claim);
      const next = claimed(await other.claimPublish(again(request)));
      expect([next.resumed, next.claim.epoch, next.claim.sessionStartedAtMs]).toEqual([true, 4_000_000_000_001, 17]);
      expect(await edge.renewClaims([claim])).toEqual(['taken_over']);
    });

    it('puts a newer claim in the place of an older one', async () => {
      const request = sampleRequest();
      const older = claimed(await edge.claimPublish(request)).claim;
      const newer = { ...older, epoch: older.epoch + 5, sessionId: newId('ses'), edgeId: 'edge-2' };
      expect(await other.renewClaims([newer])).toEqual([undefined]);
      expect(await edge.renewClaims([older])).toEqual(['taken_over']);
      expect((await edge.listLiveStreams()).map(({ claim }) => claim)).toEqual([newer]);
    });

    it('keeps the session of a released claim open even when the store has lost it', async () => {
      const { claim } = claimed(await edge.claimPublish(sampleRequest()));
      const lost = { ...claim, streamId: newId('str') };
      await edge.releaseClaim(lost);
      expect(await isDisconnected(lost.streamId)).toBe(true);
      expect((await other.readLiveStream(lost.streamId))?.claim).toEqual(lost);
    });

    it('ignores the release of an older claim, and renews no released one', async () => {
      const request = sampleRequest({ settings: { secondPublisher: 'takeover' } });
      const older = claimed(await edge.claimPublish(request)).claim;
      const newer = claimed(await other.claimPublish(again(request))).claim;
      await edge.releaseClaim(older);
      expect(await isDisconnected(request.streamId)).toBe(false);
      await other.releaseClaim(newer);
      await other.releaseClaim(newer);
      expect(await other.renewClaims([newer])).toEqual(['ended']);
      expect(await isDisconnected(request.streamId)).toBe(true);
    });

    it('renews hundreds at once and answers in their order', async () => {
      const claims: PublishClaim[] = [];
      for (let i = 0; i < 350; i++) claims.push(claimed(await edge.claimPublish(sampleRequest())).claim);
      const ended = new Set([0, 99, 100, 349]);
      for (const i of ended) {
        const claim = claims[i] as PublishClaim;
        await edge.releaseClaim(claim);
        await edge.endSession(claim.streamId, claim.sessionId);
      }
      expect(await edge.renewClaims(claims)).toEqual(claims.map((_, i) => (ended.has(i) ? 'ended' : undefined)));
      expect(await edge.renewClaims([])).toEqual([]);
    });

    it('refuses ids that are none', async () => {
      const good = sampleRequest();
      const { claim } = claimed(await edge.claimPublish(good));
      for (const wrong of [{ tenantId: 'ten_*' }, { streamId: '' }, { streamKeyId: '{a}' }, { newSessionId: 'a:b' }])
        await expect(edge.claimPublish({ ...good, ...wrong })).rejects.toThrow(TypeError);
      await expect(edge.renewClaims([claim, { ...claim, tenantId: '' }])).rejects.toThrow(TypeError);
      await expect(edge.releaseClaim({ ...claim, streamId: 'str_' })).rejects.toThrow(TypeError);
      await expect(edge.revokeClaims(claim.streamId, '*')).rejects.toThrow(TypeError);
      await expect(edge.endSession(claim.streamId, 'ses')).rejects.toThrow(TypeError);
      await expect(edge.readLiveStream('*')).rejects.toThrow(TypeError);
    });
  });
}
