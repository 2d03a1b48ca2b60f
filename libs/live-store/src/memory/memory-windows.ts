// Playlists and segments in memory: the same rules as the Redis commit script. Bytes are kept as they come, never copied.
import { committedFiles, listedNames, listedPartTtlMs, listedTtlMs } from '../commit-rules.ts';
import type { CommittedFile } from '../commit-rules.ts';
import type {
  CommitOutcome,
  PartCommit,
  PlaylistState,
  PlaylistText,
  SegmentCommit,
  StoredSegment,
} from '../live-store.ts';
import { LiveStoreError } from '../live-store-error.ts';
import type { SegmentPool } from '../segment-pool.ts';

interface HeldSegment extends StoredSegment {
  expiresAtMs: number;
  /** Whether its bytes were given to a reader, who may hold them for as long as it likes. */
  isGivenOut: boolean;
  /** Whether it may be in a playlist that a reader has. */
  isKnown: boolean;
}

interface StreamWindow {
  playlist: PlaylistState;
  /** The token of the lease that committed it. */
  token: number;
  /** When text and list are gone; the head stays. */
  listExpiresAtMs: number;
  headExpiresAtMs: number;
  /** Whether it, or a file of it, was read since the last commit of segments. */
  isRead: boolean;
  readonly segments: Map<string, HeldSegment>;
}

export interface MemoryWindowsOptions {
  readonly nowMs: () => number;
  readonly maxSegmentBytes: number;
  readonly segmentBackstopMs: number;
  readonly headTtlMs: number;
  /** Gets back the memory of what is dropped, unless a reader has had it. */
  readonly pool: SegmentPool;
}

/** What each stream's viewers can read. */
export class MemoryWindows {
  readonly #windows = new Map<string, StreamWindow>();
  readonly #options: MemoryWindowsOptions;
  #heldBytes = 0;

  constructor(options: MemoryWindowsOptions) {
    this.#options = options;
  }

  /** Bytes of all segments held now. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Commits under a lease that was found to be the current one. */
  commit(commit: SegmentCommit): CommitOutcome {
    const { lease, playlist, expectedMediaSequence } = commit;
    const window = this.#windows.get(lease.streamId);
    const head = window?.playlist.head.mediaSequence;
    if (expectedMediaSequence === undefined) {
      if (head !== undefined && head > playlist.head.mediaSequence)
        return { outcome: 'out_of_step', storeMediaSequence: head };
    } else if (head !== expectedMediaSequence) {
      return window !== undefined && isRepeat(window, commit)
        ? { outcome: 'committed' }
        : { outcome: 'out_of_step', storeMediaSequence: head };
    }
    const files = committedFiles(commit);
    this.#adopt(files);
    this.#makeRoom(commit.lease.streamId, files);
    this.#write(commit, files, window);
    return { outcome: 'committed' };
  }

  /** Commits parts under a lease that was found to be the current one. */
  commitParts(commit: PartCommit): CommitOutcome {
    const { lease, files, expectedMediaSequence, lowLatency, updatedAtMs } = commit;
    const window = this.#windows.get(lease.streamId);
    const now = this.#options.nowMs();
    const head = window?.playlist.head.mediaSequence;
    const last = window === undefined || window.listExpiresAtMs <= now ? undefined : window.playlist.lowLatency;
    if (window === undefined || last === undefined || head !== expectedMediaSequence)
      return { outcome: 'out_of_step', storeMediaSequence: head };
    if (window.token === lease.token && last.step === lowLatency.step) return { outcome: 'committed' };
    if (last.step !== lowLatency.step - 1) return { outcome: 'out_of_step', storeMediaSequence: head };
    this.#adopt(files);
    this.#makeRoom(lease.streamId, files);
    const expiresAtMs = now + listedPartTtlMs(commit, this.#options.segmentBackstopMs);
    for (const file of files) this.#keep(window, file, expiresAtMs);
    window.token = lease.token;
    window.playlist = { ...window.playlist, lowLatency, updatedAtMs };
    return { outcome: 'committed' };
  }

  playlist(streamId: string): PlaylistState | undefined {
    const window = this.#windows.get(streamId);
    const now = this.#options.nowMs();
    if (window === undefined || window.headExpiresAtMs <= now) return undefined;
    window.isRead = true;
    if (window.listExpiresAtMs > now) return window.playlist;
    return withoutList(window.playlist);
  }

  text(streamId: string): PlaylistText | undefined {
    const window = this.#windows.get(streamId);
    if (window === undefined || window.listExpiresAtMs <= this.#options.nowMs()) return undefined;
    window.isRead = true;
    const { text, ended, head, updatedAtMs, lowLatency } = window.playlist;
    const renditions = lowLatency === undefined ? {} : { renditions: lowLatency.playlists };
    return { text, ended, headMediaSequence: head.mediaSequence, updatedAtMs, ...renditions };
  }

  segment(streamId: string, name: string): StoredSegment | undefined {
    const window = this.#windows.get(streamId);
    const segment = window?.segments.get(name);
    if (window === undefined || segment === undefined || segment.expiresAtMs <= this.#options.nowMs()) return undefined;
    segment.isGivenOut = true;
    window.isRead = true;
    return segment;
  }

  /** Frees what has expired. */
  sweep(): void {
    const now = this.#options.nowMs();
    for (const [streamId, window] of this.#windows) {
      for (const [name, segment] of window.segments) if (segment.expiresAtMs <= now) this.#drop(window, name);
      if (window.listExpiresAtMs <= now && window.playlist.text !== '') window.playlist = withoutList(window.playlist);
      if (window.headExpiresAtMs <= now && window.segments.size === 0) this.#windows.delete(streamId);
    }
  }

  #write(commit: SegmentCommit, files: readonly CommittedFile[], last: StreamWindow | undefined): void {
    const { playlist, retentionMs } = commit;
    const now = this.#options.nowMs();
    const listed = listedNames(playlist);
    const listedExpiry = now + (playlist.ended ? retentionMs : listedTtlMs(commit, this.#options.segmentBackstopMs));
    const window: StreamWindow = {
      playlist,
      token: commit.lease.token,
      listExpiresAtMs: listedExpiry,
      headExpiresAtMs: now + this.#options.headTtlMs,
      isRead: false,
      segments: last?.segments ?? new Map<string, HeldSegment>(),
    };
    if (last?.isRead === true) for (const segment of window.segments.values()) segment.isKnown = true;
    for (const [name, segment] of window.segments) {
      const isListed = listed.has(name);
      // The retention is for players whose playlist lists it.
      if (!isListed && !segment.isKnown) this.#drop(window, name);
      else if (playlist.ended || !isListed) segment.expiresAtMs = Math.min(segment.expiresAtMs, now + retentionMs);
    }
    for (const file of files) this.#keep(window, file, listed.has(file.name) ? listedExpiry : now + retentionMs);
    this.#windows.set(playlist.streamId, window);
  }

  /** Before anything is dropped: of what is committed again, it may be the very same memory. */
  #adopt(files: readonly CommittedFile[]): void {
    for (const { bytes } of files) this.#options.pool.adopt(bytes);
  }

  /** @throws LiveStoreError `full` when even without what has left the lists there is no room */
  #makeRoom(streamId: string, files: readonly CommittedFile[]): void {
    const replaced = this.#windows.get(streamId)?.segments;
    let needed = 0;
    for (const { name, bytes } of files) needed += bytes.byteLength - (replaced?.get(name)?.bytes.byteLength ?? 0);
    const { maxSegmentBytes } = this.#options;
    if (this.#heldBytes + needed <= maxSegmentBytes) return;
    this.sweep();
    for (const window of this.#windows.values()) {
      const listed = listedNames(window.playlist);
      for (const name of window.segments.keys()) {
        if (this.#heldBytes + needed <= maxSegmentBytes) return;
        if (!listed.has(name)) this.#drop(window, name);
      }
    }
    if (this.#heldBytes + needed > maxSegmentBytes) throw new LiveStoreError('full', 'commit');
  }

  #keep(window: StreamWindow, { name, contentType, bytes }: CommittedFile, expiresAtMs: number): void {
    this.#drop(window, name);
    window.segments.set(name, { bytes, contentType, expiresAtMs, isGivenOut: false, isKnown: false });
    this.#heldBytes += bytes.byteLength;
  }

  #drop(window: StreamWindow, name: string): void {
    const segment = window.segments.get(name);
    if (segment === undefined) return;
    window.segments.delete(name);
    this.#heldBytes -= segment.bytes.byteLength;
    if (!segment.isGivenOut) this.#options.pool.reclaim(segment.bytes);
  }
}

/** What is left of a playlist once its time is over. */
function withoutList({ lowLatency: _, ...playlist }: PlaylistState): PlaylistState {
  return { ...playlist, text: '', segments: [], resumePoints: [] };
}

/** Whether this very commit was done before, under the same lease. */
function isRepeat(window: StreamWindow, commit: SegmentCommit): boolean {
  return (
    window.token === commit.lease.token &&
    window.playlist.head.mediaSequence === commit.playlist.head.mediaSequence &&
    window.playlist.text === commit.playlist.text
  );
}
