// Finds live streams without a packager and takes them: soon, but not sooner than a packager with less load.
import { onSharedBeat } from '@millrace/domain';
import type { Beat } from '@millrace/domain';
import type { LiveStore, LiveStream } from '@millrace/live-store';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { pause } from './back-off.ts';

/** The store is asked so many times less often while no stream is live: a stream that goes live says so. */
const POLLS_SKIPPED_AT_REST = 5;
/** The longest time for which it is not asked while streams are live. */
const LONGEST_REST_MS = 1_000;

export interface WorkFinderOptions {
  readonly liveStore: Pick<LiveStore, 'listLiveStreams'>;
  /** How often the store is asked while there is something that it alone can tell. */
  readonly pollMs: number;
  /** A packager that is full waits this long before it takes a stream; one with less to do waits less. */
  readonly spreadMs: number;
  readonly maxStreams: number;
  /** How many streams this packager has or is about to take. */
  readonly streams: () => number;
  /** Whether frames of all streams that are packaged here have come since this was asked last. */
  readonly areFlowing: () => boolean;
  /** Told of each listed stream. @returns whether it is packaged here, or being taken */
  readonly onListed: (live: LiveStream) => boolean;
  /** Called once the store has answered, with the ids of all listed streams. */
  readonly onRound: (streamIds: ReadonlySet<string>) => void;
  /** Tries to take a stream without a packager. */
  readonly take: (live: LiveStream) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
}

/**
 * The store is asked every `pollMs` while a listed stream has no packager, or another one, or no publisher, or sends nothing: a lease may end, or
 * a session. Where all streams are packaged here and their frames come, it has nothing to tell: what goes live wakes the finder.
 */
export class WorkFinder implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #options: WorkFinderOptions;
  readonly #abort = new AbortController();
  /** Streams that are about to be taken. */
  readonly #taking = new Set<string>();
  #timer: Beat | undefined;
  #polling: Promise<void> | undefined;
  #isWoken = false;
  #leaseOwners: ReadonlySet<string> | undefined;
  #isFull = false;
  /** Whether the store listed no stream at the last round. */
  #isAtRest = false;
  /** How many streams there were at the last round, when all of them were packaged here; undefined when the store is to be asked again soon. */
  #settledStreams: number | undefined;
  #askedAtMs = 0;
  /** Called at each round at which packagers hold leases. */
  onLeaseOwners: (() => void) | undefined;

  constructor(options: WorkFinderOptions) {
    this.#options = options;
  }

  /** Whether there was a stream without a packager that this one had no place for, at the last round. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Who held leases at the last round; undefined before the first one. */
  get leaseOwners(): ReadonlySet<string> | undefined {
    return this.#leaseOwners;
  }

  onApplicationBootstrap(): void {
    this.wake();
  }

  beforeApplicationShutdown(): void {
    this.stop();
  }

  /** A store that has not answered is asked again soon. */
  get #pauseMs(): number {
    return this.#options.pollMs * (this.#isAtRest ? POLLS_SKIPPED_AT_REST : 1);
  }

  /** Takes no stream any more. */
  stop(): void {
    this.#abort.abort();
    this.#timer?.stop();
  }

  /** Looks for work now: a stream has just gone live. */
  wake(): void {
    this.#isWoken = true;
    this.#timer?.stop();
    if (this.#abort.signal.aborted) return;
    this.#polling ??= this.#pollWhileWoken().finally(() => {
      this.#polling = undefined;
      // Woken after the last look, or sleeping until the next one.
      if (this.#isWoken) this.wake();
      else if (!this.#abort.signal.aborted) this.#timer = onSharedBeat(this.#pauseMs, () => this.#look());
    });
  }

  #look(): void {
    if (!this.#mayRest()) this.wake();
  }

  #mayRest(): boolean {
    const { pollMs, areFlowing, streams } = this.#options;
    if (!areFlowing() || streams() !== this.#settledStreams || this.#settledStreams === 0) return false;
    // Not past the longest rest by the next time.
    return performance.now() - this.#askedAtMs + pollMs <= LONGEST_REST_MS;
  }

  async #pollWhileWoken(): Promise<void> {
    while (this.#isWoken && !this.#abort.signal.aborted) {
      this.#isWoken = false;
      await this.poll();
    }
  }

  /** Asks the store once. */
  async poll(): Promise<void> {
    let listed: LiveStream[];
    this.#isAtRest = false;
    this.#settledStreams = undefined;
    this.#askedAtMs = performance.now();
    try {
      listed = await this.#options.liveStore.listLiveStreams();
    } catch (error) {
      this.#options.onFailure(error);
      return;
    }
    if (this.#abort.signal.aborted) return;
    const streamIds = new Set<string>();
    const leaseOwners = new Set<string>();
    this.#isFull = false;
    let isSettled = true;
    for (const live of listed) {
      const { streamId } = live.claim;
      streamIds.add(streamId);
      if (live.leaseOwner !== undefined) leaseOwners.add(live.leaseOwner);
      const isHere = this.#options.onListed(live);
      if (!isHere && live.leaseOwner === undefined) this.#consider(live);
      isSettled &&= isHere && live.disconnectedAtMs === undefined;
    }
    this.#leaseOwners = leaseOwners;
    this.#isAtRest = listed.length === 0;
    if (isSettled) this.#settledStreams = listed.length;
    if (leaseOwners.size > 0) this.onLeaseOwners?.();
    this.#options.onRound(streamIds);
  }

  #consider(live: LiveStream): void {
    const { streamId } = live.claim;
    if (this.#taking.has(streamId)) return;
    if (this.#options.streams() + this.#taking.size >= this.#options.maxStreams) {
      this.#isFull = true;
      return;
    }
    const waitMs = acquireDelayMs(this.#options.streams() + this.#taking.size, this.#options);
    this.#taking.add(streamId);
    void this.#take(live, waitMs).finally(() => this.#taking.delete(streamId));
  }

  async #take(live: LiveStream, waitMs: number): Promise<void> {
    if (waitMs > 0 && !(await pause(waitMs, this.#abort.signal))) return;
    if (!this.#abort.signal.aborted) await this.#options.take(live);
  }
}

/**
 * How long to leave a stream to others. By the square root of the load, so that the first few streams tell already: packagers
 * with 0 and 3 of 500 are 12 ms apart, more than an answer of the store takes.
 */
export function acquireDelayMs(
  streams: number,
  { spreadMs, maxStreams }: { spreadMs: number; maxStreams: number },
): number {
  return Math.round(spreadMs * Math.sqrt(Math.min(streams / maxStreams, 1)));
}
