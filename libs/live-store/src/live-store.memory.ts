// The live store of one process: plain maps, for standalone and for tests.
import { onSharedBeat, onSharedBeatWhile } from '@millrace/domain';
import type { Beat, PackagerAnnouncement, PublishClaim, WorkBeat } from '@millrace/domain';
import { assertCommit, assertPartCommit } from './commit-rules.ts';
import type { HealthSample, SessionSample } from './health-series.ts';
import type { IngestReport } from './ingest-report.ts';
import type {
  ClaimOutcome,
  ClaimRequest,
  CommitOutcome,
  Lease,
  LiveStore,
  LiveStream,
  PartCommit,
  PlaylistState,
  PlaylistText,
  RenewalLoss,
  SegmentCommit,
  StandbyOutcome,
  StandbyReport,
  StoredSegment,
  StoreMemory,
} from './live-store.ts';
import { LiveStoreError } from './live-store-error.ts';
import type { LiveStoreOperation } from './live-store-error.ts';
import { liveStoreLimits } from './live-store-limits.ts';
import type { LiveStoreLimits } from './live-store-limits.ts';
import { MemoryHealthSeries } from './memory/memory-health-series.ts';
import { MemoryIngestReports } from './memory/memory-ingest-reports.ts';
import { MemoryLeases } from './memory/memory-leases.ts';
import { MemoryPackagers } from './memory/memory-packagers.ts';
import { MemoryPublications } from './memory/memory-publications.ts';
import type { OpenSession } from './memory/memory-publications.ts';
import { MemoryRecords } from './memory/memory-records.ts';
import { MemoryDemand } from './memory/memory-demand.ts';
import { MemorySources } from './memory/memory-sources.ts';
import { MemoryViewers } from './memory/memory-viewers.ts';
import { MemoryWindows } from './memory/memory-windows.ts';
import { PlaylistListeners } from './playlist-listeners.ts';
import { SegmentPool } from './segment-pool.ts';
import type { HeldSource, SourceLease, SourceReport } from './source-leases.ts';
import {
  assertClaim,
  assertId,
  assertPackager,
  assertPublishing,
  assertRecordKey,
  assertRecordValue,
  assertSample,
  assertSource,
  assertSourceReport,
  assertStandby,
} from './store-names.ts';
import { assertViewer, assertViewerNotes } from './viewer-notes.ts';
import type { ViewerGroup, ViewerNotes } from './viewer-notes.ts';

/** What is small is freed so many times less often than segments. */
const SMALL_SWEEPS_SKIPPED = 10;

export interface MemoryLiveStoreOptions extends Partial<LiveStoreLimits> {
  /** Most bytes of segments held at once; over it, what has left the playlists goes first, then commits fail. */
  readonly maxSegmentBytes?: number;
  /** Most small records; over it the oldest goes. */
  readonly maxRecords?: number;
  /** How often segments that have expired are freed, in milliseconds; small records ten times less often. It is not found any more from its very expiry on. */
  readonly sweepMs?: number;
  /** Where the memory of segments comes from, and goes back to. */
  readonly segmentPool?: SegmentPool;
  /** Wall-clock time in milliseconds since 1970, a whole number. */
  readonly nowMs?: () => number;
}

/** Makes a live store that lives and dies with this process. Keeps no process alive. */
export function createMemoryLiveStore(options: MemoryLiveStoreOptions = {}): MemoryLiveStore {
  return new MemoryLiveStore(options);
}

export class MemoryLiveStore implements LiveStore {
  readonly segmentPool: SegmentPool;
  readonly #publications: MemoryPublications;
  readonly #ingestReports: MemoryIngestReports;
  readonly #health: MemoryHealthSeries;
  readonly #leases: MemoryLeases;
  readonly #sources: MemorySources;
  readonly #demand: MemoryDemand;
  readonly #packagers: MemoryPackagers;
  readonly #windows: MemoryWindows;
  readonly #records: MemoryRecords;
  readonly #viewers: MemoryViewers;
  readonly #listeners = new PlaylistListeners();
  readonly #mediaSweeper: WorkBeat;
  readonly #sweeper: Beat;
  readonly #sessionTtlMs: number;
  readonly #maxSegmentBytes: number;
  #closed = false;

  constructor(options: MemoryLiveStoreOptions) {
    const { nowMs = Date.now, maxSegmentBytes = 4 * 1024 ** 3, maxRecords = 100_000, sweepMs = 1_000 } = options;
    const limits = liveStoreLimits(options);
    this.#sessionTtlMs = limits.sessionTtlMs;
    this.#maxSegmentBytes = maxSegmentBytes;
    this.segmentPool = options.segmentPool ?? new SegmentPool();
    this.#publications = new MemoryPublications({ ...limits, nowMs });
    this.#ingestReports = new MemoryIngestReports(nowMs, limits.ingestReportTtlMs);
    this.#health = new MemoryHealthSeries(nowMs, limits.healthSeriesTtlMs, limits.healthSeriesPerTenant);
    this.#leases = new MemoryLeases(nowMs);
    this.#sources = new MemorySources(nowMs);
    this.#demand = new MemoryDemand(nowMs);
    this.#packagers = new MemoryPackagers(nowMs);
    this.#windows = new MemoryWindows({ ...limits, nowMs, maxSegmentBytes, pool: this.segmentPool });
    this.#records = new MemoryRecords(nowMs, maxRecords);
    this.#viewers = new MemoryViewers(nowMs, limits.viewerTtlMs, limits.maxViewersPerPlayback);
    this.#mediaSweeper = onSharedBeatWhile(
      sweepMs,
      () => this.#windows.heldBytes > 0,
      () => this.#windows.sweep(),
    );
    this.#sweeper = onSharedBeat(sweepMs * SMALL_SWEEPS_SKIPPED, () => this.sweep());
  }

  /** Bytes of all segments held now. */
  get heldSegmentBytes(): number {
    return this.#windows.heldBytes;
  }

  /** Frees what has expired. */
  sweep(): void {
    this.#publications.sweep();
    this.#ingestReports.sweep();
    this.#health.sweep();
    this.#leases.sweep(this.#sessionTtlMs);
    this.#sources.sweep(this.#sessionTtlMs);
    this.#packagers.sweep();
    this.#windows.sweep();
    this.#records.sweep();
    this.#viewers.sweep();
  }

  async claimPublish(request: ClaimRequest): Promise<ClaimOutcome> {
    this.#assertOpen('claimPublish');
    assertClaim(request);
    return this.#publications.claim(request);
  }

  async renewClaims(
    claims: readonly PublishClaim[],
    silentMs: readonly number[] = [],
  ): Promise<(RenewalLoss | undefined)[]> {
    this.#assertOpen('renewClaims');
    claims.forEach(assertPublishing);
    return claims.map((claim, i) => this.#publications.renew(claim, silentMs[i] ?? 0));
  }

  async renewStandbys(standbys: readonly StandbyReport[], stoppedMs: number): Promise<StandbyOutcome[]> {
    this.#assertOpen('renewStandbys');
    standbys.forEach(assertStandby);
    return standbys.map((standby) => this.#publications.renewStandby(standby, stoppedMs));
  }

  async releaseStandby(claim: PublishClaim): Promise<void> {
    this.#assertOpen('releaseStandby');
    assertClaim(claim);
    this.#publications.releaseStandby(claim);
  }

  async requestSwitch(streamId: string): Promise<boolean> {
    this.#assertOpen('requestSwitch');
    assertId('str', streamId);
    return this.#publications.requestSwitch(streamId);
  }

  async releaseClaim(claim: PublishClaim): Promise<void> {
    this.#assertOpen('releaseClaim');
    assertPublishing(claim);
    this.#publications.release(claim);
  }

  async revokeClaims(streamId: string, streamKeyId: string): Promise<void> {
    this.#assertOpen('revokeClaims');
    assertId('str', streamId);
    assertId('skey', streamKeyId);
    this.#publications.revoke(streamId, streamKeyId);
  }

  async listLiveStreams(): Promise<LiveStream[]> {
    this.#assertOpen('listLiveStreams');
    return this.#publications.list().map((session) => this.#liveStream(session));
  }

  async readLiveStream(streamId: string): Promise<LiveStream | undefined> {
    this.#assertOpen('readLiveStream');
    assertId('str', streamId);
    const session = this.#publications.read(streamId);
    return session === undefined ? undefined : this.#liveStream(session);
  }

  async endSession(streamId: string, sessionId: string): Promise<boolean> {
    this.#assertOpen('endSession');
    assertId('str', streamId);
    assertId('ses', sessionId);
    return this.#publications.end(streamId, sessionId);
  }

  async reportIngest(reports: readonly IngestReport[]): Promise<void> {
    this.#assertOpen('reportIngest');
    for (const { streamId } of reports) assertId('str', streamId);
    for (const report of reports) this.#ingestReports.set(report);
  }

  async readIngest(streamIds: readonly string[]): Promise<(IngestReport | undefined)[]> {
    this.#assertOpen('readIngest');
    for (const streamId of streamIds) assertId('str', streamId);
    return streamIds.map((streamId) => this.#ingestReports.get(streamId));
  }

  async recordHealth(samples: readonly SessionSample[]): Promise<void> {
    this.#assertOpen('recordHealth');
    samples.forEach(assertSample);
    for (const sample of samples) this.#health.add(sample);
  }

  async readHealth(sessionIds: readonly string[], fromMs: number, toMs: number): Promise<HealthSample[][]> {
    this.#assertOpen('readHealth');
    for (const sessionId of sessionIds) assertId('ses', sessionId);
    return sessionIds.map((sessionId) => this.#health.read(sessionId, fromMs, toMs));
  }

  async acquireSource(sourceId: string, owner: string, ttlMs: number): Promise<SourceLease | undefined> {
    this.#assertOpen('acquireSource');
    assertSource({ sourceId, owner });
    return this.#sources.acquire(sourceId, owner, ttlMs);
  }

  async renewSources(reports: readonly SourceReport[], ttlMs: number): Promise<boolean[]> {
    this.#assertOpen('renewSources');
    reports.forEach(assertSourceReport);
    return reports.map((report) => this.#sources.renew(report, ttlMs));
  }

  async releaseSource(lease: SourceLease): Promise<void> {
    this.#assertOpen('releaseSource');
    assertSource(lease);
    this.#sources.release(lease);
  }

  async listHeldSources(): Promise<string[]> {
    this.#assertOpen('listHeldSources');
    return this.#sources.held();
  }

  async readSources(sourceIds: readonly string[]): Promise<(HeldSource | undefined)[]> {
    this.#assertOpen('readSources');
    for (const sourceId of sourceIds) assertId('src', sourceId);
    return sourceIds.map((sourceId) => this.#sources.read(sourceId));
  }

  async noteDemand(streamIds: readonly string[], ttlMs: number): Promise<void> {
    this.#assertOpen('noteDemand');
    for (const streamId of streamIds) assertId('str', streamId);
    this.#demand.note(streamIds, ttlMs);
  }

  async listDemanded(): Promise<string[]> {
    this.#assertOpen('listDemanded');
    return this.#demand.list();
  }

  async acquireLease(streamId: string, owner: string, ttlMs: number): Promise<Lease | undefined> {
    this.#assertOpen('acquireLease');
    assertId('str', streamId);
    return this.#leases.acquire(streamId, owner, ttlMs);
  }

  async renewLeases(leases: readonly Lease[], ttlMs: number): Promise<boolean[]> {
    this.#assertOpen('renewLeases');
    for (const lease of leases) assertId('str', lease.streamId);
    return leases.map((lease) => this.#leases.renew(lease, ttlMs));
  }

  async releaseLease(lease: Lease): Promise<void> {
    this.#assertOpen('releaseLease');
    assertId('str', lease.streamId);
    this.#leases.release(lease);
  }

  async announcePackagers(packagers: readonly PackagerAnnouncement[], ttlMs: number): Promise<void> {
    this.#assertOpen('announcePackagers');
    packagers.forEach(assertPackager);
    this.#packagers.announce(packagers, ttlMs);
  }

  async readPackagers(): Promise<PackagerAnnouncement[]> {
    this.#assertOpen('readPackagers');
    return this.#packagers.read();
  }

  async commit(commit: SegmentCommit): Promise<CommitOutcome> {
    this.#assertOpen('commit');
    assertCommit(commit);
    if (!this.#leases.isCurrent(commit.lease)) return { outcome: 'stale_lease' };
    const outcome = this.#windows.commit(commit);
    this.#mediaSweeper.wake();
    if (outcome.outcome === 'committed') this.#listeners.changed(commit.lease.streamId);
    return outcome;
  }

  async commitParts(commit: PartCommit): Promise<CommitOutcome> {
    this.#assertOpen('commitParts');
    assertPartCommit(commit);
    if (!this.#leases.isCurrent(commit.lease)) return { outcome: 'stale_lease' };
    const outcome = this.#windows.commitParts(commit);
    this.#mediaSweeper.wake();
    if (outcome.outcome === 'committed') this.#listeners.changed(commit.lease.streamId);
    return outcome;
  }

  async readPlaylist(streamId: string): Promise<PlaylistState | undefined> {
    this.#assertOpen('readPlaylist');
    assertId('str', streamId);
    return this.#windows.playlist(streamId);
  }

  async readPlaylistText(streamId: string): Promise<PlaylistText | undefined> {
    this.#assertOpen('readPlaylistText');
    assertId('str', streamId);
    return this.#windows.text(streamId);
  }

  async readSegment(streamId: string, name: string): Promise<StoredSegment | undefined> {
    this.#assertOpen('readSegment');
    assertId('str', streamId);
    return this.#windows.segment(streamId, name);
  }

  segmentInMemory(streamId: string, name: string): StoredSegment | undefined {
    return this.#closed ? undefined : this.#windows.segment(streamId, name);
  }

  watchPlaylist(streamId: string, onChange: () => void): () => void {
    assertId('str', streamId);
    return this.#listeners.add(streamId, onChange);
  }

  async noteViewers(notes: readonly ViewerNotes[]): Promise<void> {
    this.#assertOpen('noteViewers');
    notes.forEach(assertViewerNotes);
    for (const note of notes) this.#viewers.note(note);
  }

  async admitViewer(name: string, groups: readonly ViewerGroup[]): Promise<ViewerGroup | undefined> {
    this.#assertOpen('admitViewer');
    assertViewer(name, groups);
    return this.#viewers.admit(name, groups);
  }

  async countViewers(playbackIds: readonly string[]): Promise<number[]> {
    this.#assertOpen('countViewers');
    for (const id of playbackIds) assertId('pbk', id);
    return playbackIds.map((id) => this.#viewers.count(id));
  }

  async remember(key: string, value: string, ttlMs: number): Promise<void> {
    this.#assertOpen('remember');
    assertRecordKey(key);
    assertRecordValue(value);
    this.#records.set(key, value, ttlMs);
  }

  async recall(key: string): Promise<string | undefined> {
    this.#assertOpen('recall');
    assertRecordKey(key);
    return this.#records.get(key);
  }

  async useOnce(key: string, user: string, ttlMs: number): Promise<boolean> {
    this.#assertOpen('useOnce');
    assertRecordKey(key);
    assertRecordValue(user);
    const first = this.#records.get(key);
    if (first === undefined) this.#records.set(key, user, ttlMs);
    return first === undefined || first === user;
  }

  async forget(key: string): Promise<void> {
    this.#assertOpen('forget');
    assertRecordKey(key);
    this.#records.delete(key);
  }

  /** Segments only: the rest is small. */
  async readMemory(): Promise<StoreMemory> {
    this.#assertOpen('readMemory');
    return { usedBytes: this.#windows.heldBytes, limitBytes: this.#maxSegmentBytes };
  }

  isReady(): boolean {
    return !this.#closed;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#mediaSweeper.stop();
    this.#sweeper.stop();
    this.#listeners.clear();
    this.segmentPool.clear();
  }

  #liveStream({ claim, disconnectedAtMs, standby }: OpenSession): LiveStream {
    return { claim, disconnectedAtMs, leaseOwner: this.#leases.owner(claim.streamId), standby };
  }

  #assertOpen(operation: LiveStoreOperation): void {
    if (this.#closed) throw new LiveStoreError('closed', operation);
  }
}
