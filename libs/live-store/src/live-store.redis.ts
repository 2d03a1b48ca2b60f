// The live store that all services share: Redis 7.0 or later. README.md says which keys there are and what they promise.
import type { PackagerAnnouncement, PublishClaim } from '@millrace/domain';
import { assertCommit, assertPartCommit } from './commit-rules.ts';
import {
  formatSample,
  MAX_MINUTE_LENGTH,
  minuteMark,
  minuteOf,
  minutesBetween,
  placeOf,
  readMinute,
} from './health-series.ts';
import type { HealthSample, SessionSample } from './health-series.ts';
import { formatIngestReport, parseIngestReport } from './ingest-report.ts';
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
import { liveStoreLimits } from './live-store-limits.ts';
import type { LiveStoreLimits } from './live-store-limits.ts';
import type { LiveStoreObserver } from './live-store-observer.ts';
import { RedisChanges } from './redis/redis-changes.ts';
import { RedisKeys } from './redis/redis-keys.ts';
import { RedisLeases } from './redis/redis-leases.ts';
import { RedisLink } from './redis/redis-link.ts';
import { RedisLiveStreams } from './redis/redis-live-streams.ts';
import { RedisPublications } from './redis/redis-publications.ts';
import { runScript, textReply } from './redis/redis-scripts.ts';
import { RedisSources } from './redis/redis-sources.ts';
import { assertRedisUrl } from './redis/redis-url.ts';
import { RedisViewers } from './redis/redis-viewers.ts';
import { RedisWindows } from './redis/redis-windows.ts';
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
  isSegmentName,
} from './store-names.ts';
import { SegmentPool } from './segment-pool.ts';
import { assertViewer, assertViewerNotes } from './viewer-notes.ts';
import type { ViewerGroup, ViewerNotes } from './viewer-notes.ts';

export interface RedisLiveStoreOptions extends Partial<LiveStoreLimits> {
  /** `redis://[user:password@]host:port[/database]`, or `rediss:` for TLS. */
  readonly url: string;
  /** The prefix of every key; default `millrace`. */
  readonly keyPrefix?: string;
  /** How long a call may take, in milliseconds; default 800. A commit may take 1 ms more for each 32 KiB. */
  readonly timeoutMs?: number;
  /** Longest wait between two tries to connect, in milliseconds; default 1,000. */
  readonly maxReconnectDelayMs?: number;
  /** Whether segments are written or read, which takes a connection of its own: true when not given. Edges do neither. */
  readonly carriesSegments?: boolean;
  /** Whether playlists are watched, which takes another one: true when not given. Only gateways do. */
  readonly watchesPlaylists?: boolean;
  readonly observer?: LiveStoreObserver;
  /** Where packagers take memory for segments. */
  readonly segmentPool?: SegmentPool;
}

/**
 * Opens the live store in Redis. Comes back when connected, or when the first try has failed: then it goes on trying, and
 * `isReady` says when it has succeeded.
 *
 * @throws TypeError when the URL is none of Redis
 */
export async function createRedisLiveStore(options: RedisLiveStoreOptions): Promise<LiveStore> {
  assertRedisUrl(options.url);
  const store = new RedisLiveStore(options);
  await store.open();
  return store;
}

class RedisLiveStore implements LiveStore {
  readonly segmentPool: SegmentPool;
  readonly #links: readonly RedisLink[];
  readonly #link: RedisLink;
  readonly #keys: RedisKeys;
  readonly #publications: RedisPublications;
  readonly #liveStreams: RedisLiveStreams;
  readonly #leases: RedisLeases;
  readonly #sources: RedisSources;
  readonly #windows: RedisWindows;
  readonly #viewers: RedisViewers;
  readonly #changes: RedisChanges | undefined;
  readonly #limits: LiveStoreLimits;

  constructor(options: RedisLiveStoreOptions) {
    const { url, keyPrefix = 'millrace', timeoutMs = 800, maxReconnectDelayMs = 1_000, observer = {} } = options;
    const { carriesSegments = true, watchesPlaylists = true } = options;
    const limits = liveStoreLimits(options);
    this.segmentPool = options.segmentPool ?? new SegmentPool();
    const link = (name: string): RedisLink => new RedisLink({ url, name, timeoutMs, maxReconnectDelayMs, observer });
    this.#link = link('control');
    const bulkLink = carriesSegments ? link('segments') : this.#link;
    const changesLink = watchesPlaylists ? link('changes') : undefined;
    // A connection that is not used would still be looked after every second.
    this.#links = [...new Set([this.#link, bulkLink, ...(changesLink === undefined ? [] : [changesLink])])];
    this.#keys = new RedisKeys(keyPrefix);
    this.#publications = new RedisPublications(this.#link, this.#keys, limits);
    this.#liveStreams = new RedisLiveStreams(this.#link, this.#keys, limits);
    this.#leases = new RedisLeases(this.#link, this.#keys, limits.sessionTtlMs);
    this.#sources = new RedisSources(this.#link, this.#keys, limits.sessionTtlMs);
    this.#windows = new RedisWindows(this.#link, bulkLink, this.#keys, limits);
    this.#viewers = new RedisViewers(this.#link, this.#keys, limits);
    this.#changes = changesLink && new RedisChanges(changesLink, this.#keys.changes);
    this.#limits = limits;
  }

  async open(): Promise<void> {
    await Promise.all(this.#links.map((link) => link.open()));
  }

  async claimPublish(request: ClaimRequest): Promise<ClaimOutcome> {
    assertClaim(request);
    return this.#publications.claim(request);
  }

  async renewClaims(
    claims: readonly PublishClaim[],
    silentMs: readonly number[] = [],
  ): Promise<(RenewalLoss | undefined)[]> {
    claims.forEach(assertPublishing);
    return this.#publications.renew(claims, silentMs);
  }

  async renewStandbys(standbys: readonly StandbyReport[], stoppedMs: number): Promise<StandbyOutcome[]> {
    standbys.forEach(assertStandby);
    return this.#publications.renewStandbys(standbys, stoppedMs);
  }

  async releaseStandby(claim: PublishClaim): Promise<void> {
    assertClaim(claim);
    await this.#publications.releaseStandby(claim);
  }

  async requestSwitch(streamId: string): Promise<boolean> {
    assertId('str', streamId);
    return this.#publications.requestSwitch(streamId);
  }

  async releaseClaim(claim: PublishClaim): Promise<void> {
    assertPublishing(claim);
    await this.#publications.release(claim);
  }

  async revokeClaims(streamId: string, streamKeyId: string): Promise<void> {
    assertId('str', streamId);
    assertId('skey', streamKeyId);
    await this.#publications.revoke(streamId, streamKeyId);
  }

  async listLiveStreams(): Promise<LiveStream[]> {
    return this.#liveStreams.list();
  }

  async readLiveStream(streamId: string): Promise<LiveStream | undefined> {
    assertId('str', streamId);
    return this.#liveStreams.read(streamId);
  }

  async endSession(streamId: string, sessionId: string): Promise<boolean> {
    assertId('str', streamId);
    assertId('ses', sessionId);
    return this.#publications.end(streamId, sessionId);
  }

  async reportIngest(reports: readonly IngestReport[]): Promise<void> {
    for (const { streamId } of reports) assertId('str', streamId);
    await this.#link.call('reportIngest', (redis) =>
      Promise.all(
        reports.map((report) =>
          redis.set(
            this.#keys.ingest(report.streamId),
            formatIngestReport(report),
            'PX',
            this.#limits.ingestReportTtlMs,
          ),
        ),
      ),
    );
  }

  async readIngest(streamIds: readonly string[]): Promise<(IngestReport | undefined)[]> {
    for (const streamId of streamIds) assertId('str', streamId);
    const texts = await this.#link.call('readIngest', (redis) =>
      Promise.all(streamIds.map((streamId) => redis.get(this.#keys.ingest(streamId)))),
    );
    return streamIds.map((streamId, i) => parseIngestReport(streamId, texts[i] ?? ''));
  }

  async recordHealth(samples: readonly SessionSample[]): Promise<void> {
    samples.forEach(assertSample);
    const { healthSeriesTtlMs, healthSeriesPerTenant } = this.#limits;
    await this.#link.call('recordHealth', (redis) =>
      Promise.all(
        samples.map(({ tenantId, sessionId, sample }) => {
          const minute = minuteOf(sample.atMs);
          return runScript(
            redis,
            'millraceAddHealth',
            [this.#keys.health(sessionId), this.#keys.healthOfTenant(tenantId)],
            [
              sessionId,
              placeOf(minute),
              minuteMark(minute),
              formatSample(sample),
              healthSeriesTtlMs,
              healthSeriesPerTenant,
              MAX_MINUTE_LENGTH,
              this.#keys.health(''),
            ],
          );
        }),
      ),
    );
  }

  async readHealth(sessionIds: readonly string[], fromMs: number, toMs: number): Promise<HealthSample[][]> {
    for (const sessionId of sessionIds) assertId('ses', sessionId);
    const minutes = minutesBetween(fromMs, toMs);
    if (minutes.length === 0) return sessionIds.map(() => []);
    const places = minutes.map((minute) => String(placeOf(minute)));
    const found = await this.#link.call('readHealth', (redis) =>
      Promise.all(sessionIds.map((sessionId) => redis.hmget(this.#keys.health(sessionId), ...places))),
    );
    return found.map((texts) =>
      minutes.flatMap((minute, i) => readMinute(minute, texts[i])).filter(({ atMs }) => atMs >= fromMs && atMs < toMs),
    );
  }

  async acquireSource(sourceId: string, owner: string, ttlMs: number): Promise<SourceLease | undefined> {
    assertSource({ sourceId, owner });
    return this.#sources.acquire(sourceId, owner, ttlMs);
  }

  async renewSources(reports: readonly SourceReport[], ttlMs: number): Promise<boolean[]> {
    reports.forEach(assertSourceReport);
    return this.#sources.renew(reports, ttlMs);
  }

  async releaseSource(lease: SourceLease): Promise<void> {
    assertSource(lease);
    await this.#sources.release(lease);
  }

  async listHeldSources(): Promise<string[]> {
    return this.#sources.held();
  }

  async readSources(sourceIds: readonly string[]): Promise<(HeldSource | undefined)[]> {
    for (const sourceId of sourceIds) assertId('src', sourceId);
    return this.#sources.read(sourceIds);
  }

  async noteDemand(streamIds: readonly string[], ttlMs: number): Promise<void> {
    for (const streamId of streamIds) assertId('str', streamId);
    await this.#sources.noteDemand(streamIds, ttlMs);
  }

  async listDemanded(): Promise<string[]> {
    return this.#sources.demanded();
  }

  async acquireLease(streamId: string, owner: string, ttlMs: number): Promise<Lease | undefined> {
    assertId('str', streamId);
    return this.#leases.acquire(streamId, owner, ttlMs);
  }

  async renewLeases(leases: readonly Lease[], ttlMs: number): Promise<boolean[]> {
    for (const lease of leases) assertId('str', lease.streamId);
    return this.#leases.renew(leases, ttlMs);
  }

  async releaseLease(lease: Lease): Promise<void> {
    assertId('str', lease.streamId);
    await this.#leases.release(lease);
  }

  async announcePackagers(packagers: readonly PackagerAnnouncement[], ttlMs: number): Promise<void> {
    packagers.forEach(assertPackager);
    const members = packagers.map(({ instanceId, features }) => `${features.join(',')} ${instanceId}`);
    await this.#link.call('announcePackagers', (redis) =>
      runScript(redis, 'millraceAnnouncePackagers', [this.#keys.packagers], [ttlMs, ...members]),
    );
  }

  async readPackagers(): Promise<PackagerAnnouncement[]> {
    const reply = await this.#link.call('readPackagers', (redis) =>
      runScript(redis, 'millraceReadPackagers', [this.#keys.packagers], []),
    );
    return textReply(reply).map((member = '') => {
      const at = member.indexOf(' ');
      const features = member.slice(0, at);
      return { instanceId: member.slice(at + 1), features: features === '' ? [] : features.split(',') };
    });
  }

  async commit(commit: SegmentCommit): Promise<CommitOutcome> {
    assertCommit(commit);
    return this.#windows.commit(commit);
  }

  async commitParts(commit: PartCommit): Promise<CommitOutcome> {
    assertPartCommit(commit);
    return this.#windows.commitParts(commit);
  }

  async readPlaylist(streamId: string): Promise<PlaylistState | undefined> {
    assertId('str', streamId);
    return this.#windows.playlist(streamId);
  }

  async readPlaylistText(streamId: string): Promise<PlaylistText | undefined> {
    assertId('str', streamId);
    return this.#windows.text(streamId);
  }

  async readSegment(streamId: string, name: string): Promise<StoredSegment | undefined> {
    assertId('str', streamId);
    return isSegmentName(name) ? this.#windows.segment(streamId, name) : undefined;
  }

  segmentInMemory(): undefined {
    return undefined;
  }

  watchPlaylist(streamId: string, onChange: () => void): () => void {
    assertId('str', streamId);
    if (this.#changes === undefined) throw new TypeError('live store: opened without `watchesPlaylists`');
    return this.#changes.add(streamId, onChange);
  }

  async noteViewers(notes: readonly ViewerNotes[]): Promise<void> {
    notes.forEach(assertViewerNotes);
    await this.#viewers.note(notes);
  }

  async admitViewer(name: string, groups: readonly ViewerGroup[]): Promise<ViewerGroup | undefined> {
    assertViewer(name, groups);
    return this.#viewers.admit(name, groups);
  }

  async countViewers(playbackIds: readonly string[]): Promise<number[]> {
    for (const id of playbackIds) assertId('pbk', id);
    return this.#viewers.count(playbackIds);
  }

  async remember(key: string, value: string, ttlMs: number): Promise<void> {
    assertRecordKey(key);
    assertRecordValue(value);
    await this.#link.call('remember', (redis) => redis.set(this.#keys.record(key), value, 'PX', ttlMs));
  }

  async recall(key: string): Promise<string | undefined> {
    assertRecordKey(key);
    return (await this.#link.call('recall', (redis) => redis.get(this.#keys.record(key)))) ?? undefined;
  }

  async useOnce(key: string, user: string, ttlMs: number): Promise<boolean> {
    assertRecordKey(key);
    assertRecordValue(user);
    const record = this.#keys.record(key);
    return this.#link.call('useOnce', async (redis) => {
      if ((await redis.set(record, user, 'PX', ttlMs, 'NX')) !== null) return true;
      return (await redis.get(record)) === user;
    });
  }

  async forget(key: string): Promise<void> {
    assertRecordKey(key);
    await this.#link.call('forget', (redis) => redis.del(this.#keys.record(key)));
  }

  async readMemory(): Promise<StoreMemory> {
    const text = await this.#link.call('readMemory', (redis) => redis.info('memory'));
    const field = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(text)?.[1] ?? 0);
    return { usedBytes: field('used_memory'), limitBytes: field('maxmemory') };
  }

  isReady(): boolean {
    return this.#links.every((link) => link.isReady);
  }

  async close(): Promise<void> {
    this.#changes?.clear();
    this.segmentPool.clear();
    await Promise.all(this.#links.map((link) => link.close()));
  }
}
