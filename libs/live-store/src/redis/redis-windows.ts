// Playlists and segments in Redis.
import { randomUUID } from 'node:crypto';
import { listedTtlMs } from '../commit-rules.ts';
import type { CommitOutcome, PlaylistState, PlaylistText, SegmentCommit } from '../live-store.ts';
import { LiveStoreError } from '../live-store-error.ts';
import type { LiveStoreLimits } from '../live-store-limits.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';
import { runScript, type ScriptArgument, type ScriptedRedis, textReply } from './redis-scripts.ts';

/** When bytes are gone whose commit never came, because the connection was lost between the two. */
const STAGED_TTL_MS = 30_000;

/** What is kept longest of a playlist. */
type HeadRecord = Omit<PlaylistState, 'text' | 'segments' | 'resumePoints'>;
/** What is kept as long as the playlist itself. */
type ListRecord = Pick<PlaylistState, 'segments' | 'resumePoints'>;

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
    const { lease, segments } = commit;
    const { streamId } = lease;
    const keys = [this.#keys.lease(streamId), this.#keys.head(streamId), this.#keys.playlist(streamId)];
    const staged = segments.map(() => this.#keys.staged(streamId, `${this.#handleId}-${this.#stagedCount++}`));
    segments.forEach(({ entry }, i) => keys.push(staged[i] ?? '', this.#keys.segment(streamId, entry.name)));
    const args = this.#commitArguments(commit);
    const payloadBytes = segments.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
    // All of it leaves at once, in this order on one connection: one round trip.
    const send = async (redis: ScriptedRedis): Promise<unknown> => {
      const staging = segments.map(({ bytes }, i) => redis.set(staged[i] ?? '', viewOf(bytes), 'PX', STAGED_TTL_MS));
      const [reply] = await Promise.all([runScript(redis, 'millraceCommit', keys, args), ...staging]);
      return reply;
    };
    const [outcome, head] = textReply(await this.#bulkLink.call('commit', send, payloadBytes));
    if (outcome === 'committed' || outcome === 'stale_lease') return { outcome };
    if (outcome !== 'out_of_step') throw new LiveStoreError('failed', 'commit', outcome);
    return { outcome, storeMediaSequence: head === undefined ? undefined : Number(head) };
  }

  async playlist(streamId: string): Promise<PlaylistState | undefined> {
    // One step, and no script: a script would need the right to write what it reads.
    const replies = await this.#link.call('readPlaylist', (redis) =>
      redis
        .multi()
        .hget(this.#keys.head(streamId), 'record')
        .hmget(this.#keys.playlist(streamId), 'text', 'list')
        .exec(),
    );
    const [head, text, list] = textReply(
      replies?.flatMap(([error, value]) => {
        if (error) throw error;
        return value;
      }),
    );
    if (head === undefined) return undefined;
    const none: ListRecord = { segments: [], resumePoints: [] };
    const listed = list === undefined ? none : (JSON.parse(list) as ListRecord);
    return { ...(JSON.parse(head) as HeadRecord), ...listed, text: text ?? '' };
  }

  async text(streamId: string): Promise<PlaylistText | undefined> {
    const key = this.#keys.playlist(streamId);
    const [text, ended, sequence, updated] = await this.#link.call('readPlaylistText', (redis) =>
      redis.hmget(key, 'text', 'ended', 'sequence', 'updated'),
    );
    if (text === null || text === undefined) return undefined;
    return { text, ended: ended === '1', headMediaSequence: Number(sequence), updatedAtMs: Number(updated) };
  }

  async segment(streamId: string, name: string): Promise<Uint8Array | undefined> {
    const key = this.#keys.segment(streamId, name);
    return (await this.#bulkLink.call('readSegment', (redis) => redis.getBuffer(key))) ?? undefined;
  }

  /** In the order that the script names. */
  #commitArguments(commit: SegmentCommit): ScriptArgument[] {
    const { lease, playlist, expectedMediaSequence, retentionMs } = commit;
    const { text, segments, resumePoints, ...head } = playlist;
    const headRecord: HeadRecord = head;
    const listRecord: ListRecord = { segments, resumePoints };
    return [
      lease.token,
      expectedMediaSequence ?? '',
      head.head.mediaSequence,
      listedTtlMs(commit, this.#limits.segmentBackstopMs),
      retentionMs,
      this.#limits.headTtlMs,
      head.ended ? 1 : 0,
      text,
      segments.map((entry) => entry.name).join(' '),
      JSON.stringify(listRecord),
      JSON.stringify(headRecord),
      head.updatedAtMs,
      this.#keys.segmentPrefix(lease.streamId),
      this.#keys.changes,
      lease.streamId,
    ];
  }
}

/** The same memory as the client wants it, no copy. */
function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
