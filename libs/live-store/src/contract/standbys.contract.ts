import { newId } from '@millrace/domain';
import type { PublishClaim } from '@millrace/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClaimOutcome, ClaimRequest, LiveStore, StandbyOutcome, StandbyReport } from '../live-store.ts';
import type { LiveStoreHarness, MakeHarness } from './live-store-harness.ts';
import { again, claimed, sampleRequest } from './sample-streams.ts';

const STOPPED_MS = 250;
const DETAILS = { protocol: 'rtmp', encoder: 'the second one', clientAddress: '192.0.2.7' };

/** The encoder that waits, and when it goes on for the other one: always under a new epoch, so that the other one is fenced off. */
export function standbysContract(makeHarness: MakeHarness): void {
  describe('standbys', () => {
    let harness: LiveStoreHarness;
    let edge: LiveStore;
    let other: LiveStore;

    beforeEach(() => start());
    afterEach(() => harness.close());

    const start = async (limits?: Parameters<MakeHarness>[0]): Promise<void> => {
      harness = await makeHarness(limits);
      [edge, other] = [await harness.open(), await harness.open()];
    };
    const restart = async (limits: Parameters<MakeHarness>[0]): Promise<void> => {
      await harness.close();
      await start(limits);
    };
    const backupOf = (request: ClaimRequest, change: Partial<ClaimRequest> = {}): ClaimRequest =>
      again(request, { role: 'backup', mayWait: true, edgeId: 'edge-2', ...change });
    const waits = (outcome: ClaimOutcome): PublishClaim => {
      if (outcome.outcome !== 'standby') throw new Error(`does not wait: ${outcome.outcome}`);
      return outcome.claim;
    };
    const report = (claim: PublishClaim, change: Partial<StandbyReport> = {}): StandbyReport => ({
      claim,
      silentMs: 0,
      isReady: true,
      details: DETAILS,
      newSessionId: newId('ses'),
      ...change,
    });
    const renew = async (claim: PublishClaim, change: Partial<StandbyReport> = {}): Promise<StandbyOutcome> =>
      (await other.renewStandbys([report(claim, change)], STOPPED_MS))[0]!;
    /** Renews the encoder that waits until it is promoted. */
    const promoted = async (
      claim: PublishClaim,
      meanwhile: () => Promise<unknown> = async () => undefined,
    ): Promise<Extract<StandbyOutcome, { outcome: 'promoted' }>> => {
      const outcomes: StandbyOutcome[] = [];
      await harness.until(async () => {
        await meanwhile();
        return outcomes.push(await renew(claim)) > 0 && outcomes.at(-1)?.outcome !== 'waiting';
      });
      const last = outcomes.at(-1);
      if (last?.outcome !== 'promoted') throw new Error(`not promoted: ${JSON.stringify(last)}`);
      return last;
    };
    /** A publisher, and an encoder that waits for it. */
    const pair = async (request = sampleRequest()) => {
      const primary = claimed(await edge.claimPublish({ ...request, mayWait: true })).claim;
      const backup = waits(await other.claimPublish(backupOf(request)));
      return { request, primary, backup };
    };

    it('keeps an encoder waiting while the other one publishes, and says so', async () => {
      const { primary, backup } = await pair();
      const { sessionId } = primary;
      expect(backup).toMatchObject({ sessionId, role: 'backup', standby: true, edgeId: 'edge-2' });
      expect(backup.epoch).toBeGreaterThan(primary.epoch);
      const past = harness.nowMs() + 2 * STOPPED_MS;
      await harness.until(async () => {
        expect(await edge.renewClaims([primary], [0])).toEqual([undefined]);
        expect(await renew(backup)).toEqual({ outcome: 'waiting' });
        return harness.nowMs() > past;
      });
      const live = await edge.readLiveStream(primary.streamId);
      expect(live?.claim).toEqual(primary);
      const { streamKeyId } = primary;
      expect(live?.standby).toMatchObject({
        role: 'backup',
        edgeId: 'edge-2',
        streamKeyId,
        isReady: true,
        details: DETAILS,
      });
      expect(live?.standby?.sinceMs).toBeLessThanOrEqual(harness.nowMs());
    });

    it('promotes it when the publisher is silent while connected; that one waits in turn, and nothing of its old epoch counts', async () => {
      const { primary, backup } = await pair();
      let silentMs = 0;
      const before = harness.nowMs();
      const { claim, cause } = await promoted(backup, async () => {
        silentMs = harness.nowMs() - before;
        await edge.renewClaims([primary], [silentMs]);
      });
      expect(silentMs).toBeGreaterThanOrEqual(STOPPED_MS / 2);
      expect(harness.nowMs() - before).toBeGreaterThanOrEqual(STOPPED_MS);
      expect(cause).toBe('stopped');
      expect(claim).toMatchObject({
        sessionId: primary.sessionId,
        sessionStartedAtMs: primary.sessionStartedAtMs,
        edgeId: 'edge-2',
        role: 'backup',
      });
      expect(claim.epoch).toBeGreaterThan(backup.epoch);
      expect(claim.standby).toBeUndefined();
      expect(await edge.renewClaims([primary])).toEqual(['standby']);
      expect(await renew(primary)).toEqual({ outcome: 'waiting' });
      const live = await edge.readLiveStream(primary.streamId);
      expect([live?.claim, live?.standby?.role]).toEqual([claim, 'primary']);
      expect(await other.renewClaims([claim])).toEqual([undefined]);
    });

    it('gives the answer of a promotion again, as long as it holds', async () => {
      const { primary, backup } = await pair();
      await edge.releaseClaim(primary);
      const first = await promoted(backup);
      expect(await renew(backup)).toEqual(first);
      await other.releaseStandby(backup);
      expect((await edge.readLiveStream(primary.streamId))?.disconnectedAtMs).toBeDefined();
    });

    it('promotes it when the publisher has been gone for a while, and not before', async () => {
      const { primary, backup } = await pair();
      await edge.releaseClaim(primary);
      const goneAt = harness.nowMs();
      const { claim } = await promoted(backup);
      expect(harness.nowMs() - goneAt).toBeGreaterThanOrEqual(STOPPED_MS);
      expect(claim.sessionId).toBe(primary.sessionId);
      expect((await edge.readLiveStream(primary.streamId))?.standby).toBeUndefined();
    });

    it('lets a publisher back that returns before that', async () => {
      const { request, primary, backup } = await pair();
      await edge.releaseClaim(primary);
      const next = claimed(await edge.claimPublish(again(request, { mayWait: true })));
      expect(next.resumed).toBe(true);
      const past = harness.nowMs() + 2 * STOPPED_MS;
      await harness.until(async () => {
        expect(await renew(backup)).toEqual({ outcome: 'waiting' });
        return harness.nowMs() > past;
      });
    });

    it('promotes it when the edge of the publisher does not renew any more', async () => {
      await restart({ unrenewedMs: 300 });
      const { primary, backup } = await pair();
      const { cause } = await promoted(backup);
      expect(cause).toBe('stopped');
      expect(await edge.renewClaims([primary])).toEqual(['standby']);
    });

    it('promotes it at once when the publisher was removed', async () => {
      const request = sampleRequest();
      const { primary, backup } = await pair(request).then(async ({ primary, backup }) => {
        await other.releaseStandby(backup);
        return { primary, backup: waits(await other.claimPublish(backupOf(request, { streamKeyId: newId('skey') }))) };
      });
      await edge.revokeClaims(request.streamId, request.streamKeyId);
      expect(await renew(backup)).toMatchObject({ outcome: 'promoted', cause: 'removed' });
      expect(await edge.renewClaims([primary])).toEqual(['key_revoked']);
    });

    it('promotes none that sends nothing', async () => {
      const { primary, backup } = await pair();
      await edge.releaseClaim(primary);
      const past = harness.nowMs() + 2 * STOPPED_MS;
      await harness.until(async () => {
        expect(await renew(backup, { isReady: false, silentMs: 9_000 })).toEqual({ outcome: 'waiting' });
        return harness.nowMs() > past;
      });
      expect(await edge.requestSwitch(primary.streamId)).toBe(false);
      expect(await edge.endSession(primary.streamId, primary.sessionId)).toBe(true);
    });

    it('has the primary wait that returns while the backup publishes, until it is asked for', async () => {
      const { request, primary, backup } = await pair();
      await edge.releaseClaim(primary);
      const { claim: active } = await promoted(backup);
      expect((await edge.claimPublish(again(request))).outcome).toBe('already_publishing');
      const returned = waits(await edge.claimPublish(again(request, { mayWait: true })));
      expect(returned.role).toBeUndefined();
      expect(await renew(returned)).toEqual({ outcome: 'waiting' });
      expect(await edge.requestSwitch(request.streamId)).toBe(true);
      const outcome = await renew(returned);
      expect(outcome).toMatchObject({ outcome: 'promoted', cause: 'requested' });
      expect(await other.renewClaims([active])).toEqual(['standby']);
      expect(await renew(active)).toEqual({ outcome: 'waiting' });
      expect((await edge.readLiveStream(request.streamId))?.standby?.role).toBe('backup');
      await other.releaseStandby(active);
      expect(await edge.requestSwitch(request.streamId)).toBe(false);
    });

    it('has room for one, unless that one is silent, or the stream lets a newcomer take over', async () => {
      const { request, backup } = await pair();
      expect(await edge.claimPublish(backupOf(request))).toEqual({ outcome: 'backup_waiting' });
      await renew(backup, { silentMs: 2_000, isReady: false });
      const next = waits(await edge.claimPublish(backupOf(request)));
      expect(await renew(backup)).toEqual({ outcome: 'lost', loss: 'taken_over' });
      const taking = backupOf(request, { settings: { ...request.settings, secondPublisher: 'takeover' } });
      waits(await edge.claimPublish(taking));
      expect(await renew(next)).toEqual({ outcome: 'lost', loss: 'taken_over' });
    });

    it('has room again once the edge of the one that waits is gone', async () => {
      await restart({ claimTtlMs: 300 });
      const { request, primary } = await pair();
      await harness.until(async () => {
        await edge.renewClaims([primary]);
        return (await edge.claimPublish(backupOf(request))).outcome === 'standby';
      });
    });

    it('loses the one that waits with its key', async () => {
      const { request, primary, backup } = await pair();
      await edge.revokeClaims(request.streamId, request.streamKeyId);
      expect((await edge.readLiveStream(request.streamId))?.standby).toBeUndefined();
      expect(await renew(backup)).toEqual({ outcome: 'lost', loss: 'key_revoked' });
      expect(await edge.endSession(request.streamId, primary.sessionId)).toBe(true);
    });

    it('keeps a session open for the one that waits, and lists it', async () => {
      const { request, primary, backup } = await pair();
      await renew(backup);
      await edge.releaseClaim(primary);
      expect(await edge.endSession(request.streamId, primary.sessionId)).toBe(false);
      expect((await edge.listLiveStreams()).map(({ standby }) => standby?.isReady)).toEqual([true]);
    });

    it('puts one back that the store has lost, which begins a session when no publisher comes', async () => {
      const request = sampleRequest();
      const backup = waits(await other.claimPublish(backupOf(request)));
      const lost = { ...backup, streamId: newId('str') };
      const newSessionId = newId('ses');
      let outcome = await renew(lost);
      expect(outcome).toEqual({ outcome: 'waiting' });
      await harness.until(async () => (outcome = await renew(lost, { newSessionId })).outcome === 'promoted');
      expect(outcome).toMatchObject({ claim: { sessionId: newSessionId, streamId: lost.streamId, role: 'backup' } });
      expect((await other.listLiveStreams()).map(({ claim }) => claim.streamId)).toEqual([lost.streamId]);
    });

    it('goes on with the session also where the reconnect window is over, or there is none', async () => {
      await restart({ promotionGraceMs: 60_000 });
      const request = sampleRequest({ maxLiveStreams: 1, settings: { reconnectWindowMs: 0 } });
      const { primary, backup } = await pair(request);
      await renew(backup);
      await edge.releaseClaim(primary);
      const next = sampleRequest({ tenantId: request.tenantId, maxLiveStreams: 1 });
      const { claim } = await promoted(backup, async () => {
        expect(await edge.endSession(primary.streamId, primary.sessionId)).toBe(false);
      });
      expect(claim).toMatchObject({
        sessionId: primary.sessionId,
        sessionStartedAtMs: primary.sessionStartedAtMs,
        role: 'backup',
      });
      expect(await edge.claimPublish(next)).toEqual({ outcome: 'quota' });
    });

    it('counts a session that is held for the one that waits', async () => {
      const request = sampleRequest({ maxLiveStreams: 1, settings: { reconnectWindowMs: 0 } });
      const { primary, backup } = await pair(request);
      await edge.releaseClaim(primary);
      expect(await other.renewStandbys([report(backup)], 60_000)).toEqual([{ outcome: 'waiting' }]);
      const { tenantId } = request;
      expect(await edge.claimPublish(sampleRequest({ tenantId, maxLiveStreams: 1 }))).toEqual({ outcome: 'quota' });
      expect(claimed(await edge.claimPublish(again(request))).claim.streamId).toBe(request.streamId);
    });

    it('lets none wait beyond the quota where no session is open', async () => {
      const { tenantId } = claimed(await edge.claimPublish(sampleRequest())).claim;
      const alone = sampleRequest({ tenantId, maxLiveStreams: 1 });
      expect(await other.claimPublish(backupOf(alone))).toEqual({ outcome: 'quota' });
      await pair(sampleRequest({ maxLiveStreams: 1 }));
    });

    it('keeps to the quota also after it has lost who waits', async () => {
      const request = sampleRequest({ maxLiveStreams: 1 });
      const backup = waits(await other.claimPublish(backupOf(request)));
      expect(backup.maxLiveStreams).toBe(1);
      claimed(await edge.claimPublish(sampleRequest({ tenantId: request.tenantId })));
      const { maxLiveStreams: _, ...unknown } = { ...backup, streamId: newId('str') };
      const lost = { ...backup, streamId: newId('str') };
      const past = harness.nowMs() + 2 * STOPPED_MS;
      await harness.until(async () => {
        expect([await renew(lost), await renew(unknown)]).toEqual([{ outcome: 'waiting' }, { outcome: 'waiting' }]);
        return harness.nowMs() > past;
      });
      expect(await edge.listLiveStreams()).toHaveLength(1);
    });

    it('keeps no session open for one that the quota holds back', async () => {
      await restart({ promotionGraceMs: 10 });
      const request = sampleRequest({ maxLiveStreams: 1, settings: { reconnectWindowMs: 0 } });
      const { primary, backup } = await pair(request);
      await edge.releaseClaim(primary);
      const past = harness.nowMs() + STOPPED_MS + 10;
      await harness.until(async () => {
        expect(await renew(backup, { isReady: false })).toEqual({ outcome: 'waiting' });
        return harness.nowMs() > past;
      });
      claimed(await edge.claimPublish(sampleRequest({ tenantId: request.tenantId, maxLiveStreams: 1 })));
      expect(await renew(backup)).toEqual({ outcome: 'waiting' });
      expect((await edge.readLiveStream(request.streamId))?.standby?.isReady).toBe(false);
      expect(await edge.endSession(request.streamId, primary.sessionId)).toBe(true);
    });

    it('forgets a switch that was requested too long ago', async () => {
      await restart({ switchMs: 100, switchRenewedMs: 60_000 });
      const { primary, backup } = await pair();
      await renew(backup);
      expect(await edge.requestSwitch(primary.streamId)).toBe(true);
      const past = harness.nowMs() + 100;
      await harness.until(() => harness.nowMs() > past);
      expect(await renew(backup)).toEqual({ outcome: 'waiting' });
    });

    it('takes no request for a switch to one whose edge has not renewed it of late', async () => {
      await restart({ switchRenewedMs: 100 });
      const { primary, backup } = await pair();
      await renew(backup);
      const past = harness.nowMs() + 110;
      await harness.until(() => harness.nowMs() > past);
      expect(await edge.requestSwitch(primary.streamId)).toBe(false);
    });

    it('has the publisher wait also when it has lost that the other one was promoted', async () => {
      const { primary, backup } = await pair();
      const { standby: _, ...rest } = backup;
      const active = { ...rest, epoch: backup.epoch + 1 };
      expect(await other.renewClaims([active])).toEqual([undefined]);
      expect(await edge.renewClaims([primary])).toEqual(['standby']);
      expect(await renew(primary)).toEqual({ outcome: 'waiting' });
      expect((await edge.readLiveStream(primary.streamId))?.claim).toEqual(active);
      // One that no encoder waited for has taken over.
      const request = sampleRequest();
      const first = claimed(await edge.claimPublish(request)).claim;
      expect(await other.renewClaims([{ ...first, epoch: first.epoch + 1, edgeId: 'edge-2' }])).toEqual([undefined]);
      expect(await edge.renewClaims([first])).toEqual(['taken_over']);
    });

    it('begins no session beyond the quota of the tenant', async () => {
      const tenantId = newId('ten');
      const alone = backupOf(sampleRequest({ tenantId, maxLiveStreams: 1 }));
      const waiting = waits(await other.claimPublish(alone));
      claimed(await edge.claimPublish(sampleRequest({ tenantId })));
      const past = harness.nowMs() + 2 * STOPPED_MS;
      await harness.until(async () => {
        expect(await renew(waiting)).toEqual({ outcome: 'waiting' });
        return harness.nowMs() > past;
      });
      expect(await edge.readLiveStream(alone.streamId)).toBeUndefined();
    });

    it('renews many at once and answers in their order', async () => {
      const requests = Array.from({ length: 120 }, () => backupOf(sampleRequest()));
      const claims = await Promise.all(requests.map(async (request) => waits(await other.claimPublish(request))));
      const gone = new Set([0, 99, 100, 119]);
      for (const i of gone) await edge.revokeClaims(claims[i]!.streamId, claims[i]!.streamKeyId);
      const outcomes = await other.renewStandbys(
        claims.map((claim) => report(claim, { isReady: false })),
        STOPPED_MS,
      );
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(claims.map((_, i) => (gone.has(i) ? 'lost' : 'waiting')));
      expect(await other.renewStandbys([], STOPPED_MS)).toEqual([]);
    });

    it('refuses ids that are none, and the claim of one that waits in the place of a publisher', async () => {
      const { backup } = await pair();
      await expect(other.renewClaims([backup])).rejects.toThrow(TypeError);
      await expect(other.releaseClaim(backup)).rejects.toThrow(TypeError);
      const wrong = report(backup, { newSessionId: '*' });
      await expect(other.renewStandbys([wrong], STOPPED_MS)).rejects.toThrow(TypeError);
      await expect(other.releaseStandby({ ...backup, streamId: '*' })).rejects.toThrow(TypeError);
      await expect(edge.requestSwitch('*')).rejects.toThrow(TypeError);
    });
  });
}
