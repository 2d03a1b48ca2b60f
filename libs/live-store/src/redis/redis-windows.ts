// Playlists and segments in Redis.
import { randomUUID } from 'node:crypto';
import { OLDER_CONTAINER, readResumePoint, writeResumePoint } from '@millrace/domain';
import type { ResumePoint, WrittenResumePoint } from '@millrace/domain';
import { committedFiles, listedNames, listedPartTtlMs, listedTtlMs } from '../commit-rules.ts';
import type { CommittedFile } from '../commit-rules.ts';
import type {
  CommitOutcome,
  LowLatencyState,
  LowLatencyWindow,
  PartCommit,
  PlaylistState,
  PlaylistText,
  RenditionPlaylists,
  SegmentCommit,
  SegmentEntry,
  StoredSegment,
} from '../live-store.ts';
import { LiveStoreError } from '../live-store-error.ts';
import type { LiveStoreLimits } from '../live-store-limits.ts';
import { SEGMENT_TYPE_SUFFIX } from './redis-keys.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';
import { runScript, textReply } from './redis-scripts.ts';
import type { ScriptArgument, ScriptedRedis } from './redis-scripts.ts';
import { SetBytes } from './set-bytes.ts';

/** When bytes are gone whose commit never came, because the connection was lost between the two. */
const STAGED_TTL_MS = 30_000;

/** What is kept longest of a playlist. */
type HeadRecord = Omit<PlaylistState, 'text' | 'segments' | 'resumePoints' | 'head' | 'lowLatency'> & {
  readonly head: WrittenResumePoint;
};
/** What is kept as long as the playlist itself. */
interface ListRecord {
  readonly segments: readonly SegmentEntry[];
  readonly resumePoints: readonly WrittenResumePoint[];
}
/** What gateways read of a stream with low latency. */
interface RenditionsRecord {
  /** The head that it belongs to: a packager that knows of no renditions moves that on, and leaves this behind. */
  readonly sequence: number;
  readonly playlists: RenditionPlaylists;
}

/** What each stream's viewers can read. */
export class RedisWindows {
  readonly #link: RedisLink;
  readonly #bulkLink: RedisLink;
  readonly #keys: RedisKeys;
  readonly #limits: LiveStoreLimits;
  /** Apart from every other handle's, so that no two commits stage under the same key. */
  readonly #handleId = randomUUID();
  #stagedCount = 0;

  /** @param bulkLink carries the segments, so that they hold up nothing else */
  constructor(link: RedisLink, bulkLink: RedisLink, keys: RedisKeys, limits: LiveStoreLimits) {
    this.#link = link;
    this.#bulkLink = bulkLink;
    this.#keys = keys;
    this.#limits = limits;
  }

  async commit(commit: SegmentCommit): Promise<CommitOutcome> {
    const files = committedFiles(commit);
    const args = this.#commitArguments(
      commit,
      files.map(({ contentType }) => contentType),
    );
    return this.#commitFiles('millraceCommit', 'commit', commit.lease.streamId, files, args);
  }

  async commitParts(commit: PartCommit): Promise<CommitOutcome> {
    const { lease, files, expectedMediaSequence, lowLatency, updatedAtMs } = commit;
    const { step, window } = lowLatency;
    const args = [
      lease.token,
      expectedMediaSequence,
      step - 1,
      step,
      listedPartTtlMs(commit, this.#limits.segmentBackstopMs),
      renditionsText(lowLatency, expectedMediaSequence),
      JSON.stringify(window),
      files.map(({ name }) => name).join(' '),
      updatedAtMs,
      this.#keys.changes,
      lease.streamId,
      SEGMENT_TYPE_SUFFIX,
      ...files.map(({ contentType }) => contentType),
    ];
    return this.#commitFiles('millraceCommitParts', 'commitParts', lease.streamId, files, args);
  }

  async #commitFiles(
    script: 'millraceCommit' | 'millraceCommitParts',
    what: 'commit' | 'commitParts',
    streamId: string,
    files: readonly CommittedFile[],
    args: readonly ScriptArgument[],
  ): Promise<CommitOutcome> {
    const keys = [this.#keys.lease(streamId), this.#keys.head(streamId), this.#keys.playlist(streamId)];
    const staged = files.map(() => this.#keys.staged(streamId, `${this.#handleId}-${this.#stagedCount++}`));
    files.forEach(({ name }, i) => keys.push(staged[i] ?? '', this.#keys.segment(streamId, name)));
    const payloadBytes = files.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
    // All of it leaves at once, in this order on one connection: one round trip.
    const send = async (redis: ScriptedRedis): Promise<unknown> => {
      const staging = files.map(({ bytes }, i) =>
        redis.sendCommand(new SetBytes(staged[i] ?? '', bytes, STAGED_TTL_MS)),
      );
      const [reply] = await Promise.all([runScript(redis, script, keys, args), ...staging]);
      return reply;
    };
    const [outcome, head] = textReply(await this.#bulkLink.call(what, send, payloadBytes));
    if (outcome === 'committed' || outcome === 'stale_lease') return { outcome };
    if (outcome !== 'out_of_step') throw new LiveStoreError('failed', what, outcome);
    return { outcome, storeMediaSequence: head === undefined ? undefined : Number(head) };
  }

  async playlist(streamId: string): Promise<PlaylistState | undefined> {
    // One step, and no script: a script would need the right to write what it reads.
    const replies = await this.#link.call('readPlaylist', (redis) =>
      redis
        .multi()
        .hget(this.#keys.head(streamId), 'record')
        .hmget(this.#keys.playlist(streamId), 'text', 'list', 'renditions', 'window', 'step')
        .exec(),
    );
    const [head, text, list, renditions, window, step] = textReply(
      replies?.flatMap(([error, value]) => {
        if (error) throw error;
        return value;
      }),
    );
    if (head === undefined) return undefined;
    const headRecord = JSON.parse(head) as HeadRecord;
    const { segments, resumePoints } = list === undefined ? EMPTY_LIST : (JSON.parse(list) as ListRecord);
    return {
      ...headRecord,
      head: pointOf(headRecord.head),
      segments,
      resumePoints: resumePoints.map(pointOf),
      text: text ?? '',
      ...lowLatencyOf(headRecord.head.mediaSequence, renditions, window, step),
    };
  }

  async text(streamId: string): Promise<PlaylistText | undefined> {
    const key = this.#keys.playlist(streamId);
    const [text, ended, sequence, updated, renditions] = await this.#link.call('readPlaylistText', (redis) =>
      redis.hmget(key, 'text', 'ended', 'sequence', 'updated', 'renditions'),
    );
    if (text === null || text === undefined) return undefined;
    const headMediaSequence = Number(sequence);
    const playlists = readRenditions(renditions ?? undefined, headMediaSequence);
    return {
      text,
      ended: ended === '1',
      headMediaSequence,
      updatedAtMs: Number(updated),
      ...(playlists === undefined ? {} : { renditions: playlists }),
    };
  }

  async segment(streamId: string, name: string): Promise<StoredSegment | undefined> {
    const keys = [this.#keys.segment(streamId, name), this.#keys.segmentType(streamId, name)];
    const [bytes, type] = await this.#bulkLink.call('readSegment', (redis) => redis.mgetBuffer(keys));
    if (bytes === null || bytes === undefined) return undefined;
    return { bytes, contentType: type?.toString('latin1') ?? OLDER_CONTAINER.contentType };
  }

  /** In the order that the script names. */
  #commitArguments(commit: SegmentCommit, contentTypes: readonly string[]): ScriptArgument[] {
    const { lease, playlist, expectedMediaSequence, retentionMs } = commit;
    const { text, segments, resumePoints, lowLatency, ...head } = playlist;
    const headRecord: HeadRecord = { ...head, head: writeResumePoint(head.head) };
    const listRecord: ListRecord = { segments, resumePoints: resumePoints.map(writeResumePoint) };
    return [
      lease.token,
      expectedMediaSequence ?? '',
      head.head.mediaSequence,
      listedTtlMs(commit, this.#limits.segmentBackstopMs),
      retentionMs,
      this.#limits.headTtlMs,
      head.ended ? 1 : 0,
      text,
      [...listedNames(playlist)].join(' '),
      JSON.stringify(listRecord),
      JSON.stringify(headRecord),
      head.updatedAtMs,
      this.#keys.segmentPrefix(lease.streamId),
      this.#keys.changes,
      lease.streamId,
      SEGMENT_TYPE_SUFFIX,
      lowLatency === undefined ? '' : renditionsText(lowLatency, head.head.mediaSequence),
      lowLatency === undefined ? '' : JSON.stringify(lowLatency.window),
      lowLatency?.step ?? '',
      ...contentTypes,
    ];
  }
}

const renditionsText = ({ playlists }: LowLatencyState, sequence: number): string =>
  JSON.stringify({ sequence, playlists } satisfies RenditionsRecord);

/** @returns undefined for a stream without, and where a packager went on that knows of none */
function readRenditions(text: string | undefined, sequence: number): RenditionPlaylists | undefined {
  if (text === undefined || text === '') return undefined;
  const record = JSON.parse(text) as RenditionsRecord;
  return record.sequence === sequence ? record.playlists : undefined;
}

function lowLatencyOf(
  sequence: number,
  renditions: string | undefined,
  window: string | undefined,
  step: string | undefined,
): Pick<PlaylistState, 'lowLatency'> {
  const playlists = readRenditions(renditions, sequence);
  if (playlists === undefined || window === undefined || step === undefined) return {};
  return { lowLatency: { step: Number(step), window: JSON.parse(window) as LowLatencyWindow, playlists } };
}

const EMPTY_LIST: ListRecord = { segments: [], resumePoints: [] };

/** @throws LiveStoreError when the store holds something else */
function pointOf(written: unknown): ResumePoint {
  const point = readResumePoint(written);
  if (point === undefined) throw new LiveStoreError('failed', 'readPlaylist', 'a resume point cannot be read');
  return point;
}
