// Packages one live stream for as long as this process holds its lease.
import type { ControlPlane } from '@millrace/control';
import type { FramePosition, PublishClaim } from '@millrace/domain';
import type { FrameBus } from '@millrace/frame-bus';
import { renditionNames } from '@millrace/live-store';
import type {
  Lease,
  LiveStore,
  LiveStream,
  OfRenditions,
  RenditionName,
  RenditionEntry,
  StoredSegment,
} from '@millrace/live-store';
import { backOffMs, pause, retry } from './back-off.ts';
import type { Containers } from '../containers/containers.ts';
import type { Clock } from './clock.ts';
import { closeOpenSegment, hasParts } from './close-open-segment.ts';
import type { LostSegment, StoredParts } from './close-open-segment.ts';
import type { FinishedSegment } from './finished-segment.ts';
import { MarkRecorder } from './mark-recorder.ts';
import type { PackagingObserver } from './packaging-observer.ts';
import { PackagingRun } from './packaging-run.ts';
import type { PackagingLimits, RunOutcome } from './packaging-run.ts';
import type { CommittedSegments } from './segment-committer.ts';
import { SessionEvents } from './session-events.ts';
import { SessionWatch } from './session-watch.ts';
import { chooseStart, markOf } from './start-plan.ts';
import type { StartFacts, StartPlan } from './start-plan.ts';

/** How often a claim that is not there yet is looked for. */
const CLAIM_PAUSE_MS = 50;
/** How long the last marks may take when a worker ends; the next packager makes up for one that is missing. */
const LAST_MARK_MS = 2_000;

export interface StreamWorkerOptions {
  readonly liveStore: LiveStore;
  readonly frameBus: FrameBus;
  readonly control: Pick<ControlPlane, 'sessionActive' | 'sessionEnded'>;
  readonly lease: Lease;
  readonly claim: PublishClaim;
  readonly containers: Containers;
  readonly limits: PackagingLimits;
  readonly clock: Clock;
  readonly observer: PackagingObserver;
}

/** How a worker ended. `lost`: another packager has the lease, or may have it. Otherwise it can be released. */
export type WorkerEnd = 'lost' | 'session-over' | 'handed-over';

export class StreamWorker {
  /** Resolves when the worker is done. */
  readonly end: Promise<WorkerEnd>;
  readonly #options: StreamWorkerOptions;
  readonly #marks: MarkRecorder;
  readonly #events: SessionEvents;
  readonly #watch = new SessionWatch();
  /** Ends all waiting, but for marks. */
  readonly #leaving = new AbortController();
  readonly #gone = new AbortController();
  #claim: PublishClaim;
  #run: PackagingRun | undefined;
  #end: WorkerEnd | undefined;
  #isFinishing = false;
  #isFindingClaim = false;
  /** Waiting for a newer claim than the store has: without a run. */
  #isStale = false;
  #rebuildFrom: FramePosition | undefined;
  /** To be closed with the parts that are listed of it. */
  #lost: LostSegment | undefined;
  #failures = 0;
  #committedAtMs: number | undefined;
  #targetDurationMs = 0;
  #isPublished = true;

  constructor(options: StreamWorkerOptions) {
    const { frameBus, control, observer, clock } = options;
    this.#options = options;
    this.#claim = options.claim;
    this.#marks = new MarkRecorder(frameBus, this.#gone.signal, (error) => observer.markFailed(error));
    this.#events = new SessionEvents(control, observer, clock);
    this.end = this.#work();
  }

  get pendingFrames(): number {
    return this.#run?.pendingFrames ?? 0;
  }

  get pendingBytes(): number {
    return this.#run?.pendingBytes ?? 0;
  }

  /** Takes note of what the store says of the stream now: undefined when it does not list it. Called a few times a second, unless frames flow. */
  observe(live: LiveStream | undefined): void {
    if (live !== undefined) this.#learnClaim(live.claim);
    this.#isPublished = live !== undefined && live.disconnectedAtMs === undefined;
    const run = this.#run;
    if (this.#end !== undefined || this.#isFinishing || (run === undefined && !this.#isStale)) return;
    const { settings, sessionId } = this.#claim;
    const nowMs = this.#options.clock.monotonicMs();
    const isOver = this.#watch.observe(live, settings.reconnectWindowMs, run?.framesTaken ?? 0, nowMs);
    if (run === undefined) {
      if (isOver) void this.#finish(undefined, sessionId);
      return;
    }
    const isFollowed = run.sessionId !== sessionId && this.#watch.isQuiet;
    if ((isOver || isFollowed) && !run.isWaitingForClaim) void this.#finish(run, run.sessionId);
    else if (this.#watch.isStalled()) run.restart('no frames received for a long time');
  }

  /** Whether frames of a connected publisher have come since this was asked last: the store has nothing to tell that the log does not. */
  isFlowing(): boolean {
    const run = this.#run;
    if (run === undefined || this.#end !== undefined || this.#isFinishing) return false;
    if (!this.#isPublished || run.isWaitingForClaim || run.sessionId !== this.#claim.sessionId) return false;
    return this.#watch.hasFlowed(run.framesTaken, this.#options.clock.monotonicMs());
  }

  /** How long ago the last commit was; undefined when there was none yet, or when there is no publisher now. */
  get playlistAgeMs(): number | undefined {
    if (this.#committedAtMs === undefined || !this.#isPublished) return undefined;
    return this.#options.clock.monotonicMs() - this.#committedAtMs;
  }

  /** Of the playlist that was committed last. */
  get targetDurationMs(): number {
    return this.#targetDurationMs;
  }

  /** Another packager has the lease, or may have it: drops everything at once. */
  lost(): void {
    this.#leave('lost');
    this.#gone.abort();
    this.#run?.close();
  }

  /** Stops so that another packager goes on: what is finished is committed, what is open is left in the log. */
  async handOver(): Promise<void> {
    this.#leave('handed-over');
    await this.#run?.handOver();
  }

  /** Ends a hand-over that takes too long: what is not committed stays in the log. */
  close(): void {
    this.#gone.abort();
    this.#run?.close();
  }

  #leave(end: WorkerEnd): void {
    this.#end ??= end;
    this.#leaving.abort();
  }

  async #work(): Promise<WorkerEnd> {
    const { containers } = this.#options;
    let learn = false;
    while (this.#end === undefined) {
      const facts = await this.#readFacts();
      if (facts === undefined) break;
      const plan = chooseStart({ ...facts, containers, claim: this.#claim, rebuildFrom: this.#rebuildFrom });
      if (plan === 'stale-claim') {
        this.#isStale = true;
        await this.#findClaim(this.#claim.epoch + 1);
        this.#isStale = false;
        continue;
      }
      const closed = await this.#closedSegment(plan);
      if (closed === 'leaving') break;
      const outcome = await this.#package(plan, closed, learn);
      if (outcome.kind === 'lost') this.#leave('lost');
      if (outcome.kind !== 'again') break;
      this.#options.observer.startsAgain(outcome.why);
      this.#rebuildFrom = outcome.rebuildFrom ?? this.#rebuildFrom;
      this.#lost = outcome.lost ?? this.#lost;
      ({ learn } = outcome);
      if (!learn && outcome.rebuildFrom === undefined && outcome.lost === undefined)
        await pause(backOffMs(this.#failures++), this.#leaving.signal);
    }
    await Promise.race([this.#marks.settled(), pause(LAST_MARK_MS, this.#gone.signal)]);
    this.#gone.abort();
    return this.#end ?? 'lost';
  }

  /** @returns undefined when the worker leaves meanwhile */
  async #readFacts(): Promise<Pick<StartFacts, 'playlist' | 'mark'> | undefined> {
    const { liveStore, frameBus, lease, observer } = this.#options;
    const { signal } = this.#leaving;
    const playlist = await retry(() => liveStore.readPlaylist(lease.streamId), {
      signal,
      onFailure: (error, attempt) => observer.unreachable('live store', error, attempt),
    });
    const mark = await retry(() => frameBus.lastCommit(lease.streamId), {
      signal,
      onFailure: (error, attempt) => observer.unreachable('frame bus', error, attempt),
    });
    if (playlist === undefined || mark === undefined || signal.aborted) return undefined;
    return { playlist: playlist.value, mark: mark.value };
  }

  /** The segment at the plan's point, from the store, where the log has lost it and parts of it are listed. */
  async #closedSegment({ kind, point, window }: StartPlan): Promise<FinishedSegment | 'leaving' | undefined> {
    const { containers, limits, clock } = this.#options;
    const { lowLatency } = window;
    if (kind !== 'follow' || this.#lost?.mediaSequence !== point.mediaSequence) return undefined;
    if (lowLatency === undefined || !hasParts(lowLatency.open)) return undefined;
    const stored = await this.#readParts(lowLatency.open.renditions);
    if (stored === undefined) return 'leaving';
    const { segmentTargetMs, keyRotationSegments = 0 } = this.#claim.settings;
    return closeOpenSegment(point, lowLatency, stored, this.#lost, {
      container: containers.get(point.container.name),
      settings: { ...limits, segmentTargetMs, keyRotationSegments },
      finishedAtMs: clock.monotonicMs(),
    });
  }

  /** @returns undefined when the worker leaves meanwhile */
  async #readParts(open: OfRenditions<RenditionEntry>): Promise<OfRenditions<StoredParts> | undefined> {
    const stored: { [Name in RenditionName]?: StoredParts } = {};
    for (const rendition of renditionNames(open)) {
      const { map, parts: listed } = open[rendition]!;
      const init = await this.#readFile(map.name);
      if (init === undefined) return undefined;
      const parts: StoredSegment[] = [];
      for (const { name } of listed) {
        const part = await this.#readFile(name);
        if (part === undefined) return undefined;
        if (part === 'gone') break;
        parts.push(part);
      }
      if (init !== 'gone') stored[rendition] = { map: { ...map, bytes: init.bytes }, parts };
    }
    return stored;
  }

  /** @returns undefined when the worker leaves meanwhile */
  async #readFile(name: string): Promise<StoredSegment | 'gone' | undefined> {
    const { liveStore, lease, observer } = this.#options;
    const read = await retry(() => liveStore.readSegment(lease.streamId, name), {
      signal: this.#leaving.signal,
      onFailure: (error, attempt) => observer.unreachable('live store', error, attempt),
    });
    return read && (read.value ?? 'gone');
  }

  async #package(plan: StartPlan, closed: FinishedSegment | undefined, learn: boolean): Promise<RunOutcome> {
    const { observer, clock } = this.#options;
    this.#marks.found(plan.markedMediaSequence);
    if (plan.missingMark !== undefined) this.#marks.record(plan.missingMark);
    const run = new PackagingRun({
      ...this.#options,
      plan,
      closed,
      learn,
      claim: this.#claim,
      marks: this.#marks,
      wallMs: () => clock.wallMs(),
      stopwatchMs: () => clock.monotonicMs(),
      onCommitted: (committed) => this.#committed(committed),
      onUnknownEpoch: (epoch) => void this.#findClaim(epoch),
    });
    this.#run = run;
    observer.started(plan);
    const started = await retry(() => run.start(), {
      signal: this.#leaving.signal,
      onFailure: (error, attempt) => observer.unreachable('frame bus', error, attempt),
    });
    if (started === undefined) run.close();
    const outcome = await run.outcome;
    this.#run = undefined;
    observer.framesDropped(run.droppedFrames);
    return outcome;
  }

  #committed(committed: CommittedSegments): void {
    const { playlist } = committed;
    this.#marks.record(markOf(playlist));
    this.#committedAtMs = this.#options.clock.monotonicMs();
    this.#targetDurationMs = playlist.head.targetDurationSeconds * 1_000;
    this.#failures = 0;
    this.#rebuildFrom = undefined;
    this.#options.observer.committed(committed, this.#claim);
    if (committed.segments.length > 0) this.#events.committed(playlist, this.#claim);
    // Another session has followed in the log; when this one just ends, its publisher may still come back.
    if (playlist.ended && !this.#isFinishing) this.#events.ended(playlist.sessionId, this.#claim);
  }

  /**
   * Ends a session: the list is closed first. Should this process die in between, the next one finds a session to end.
   * @param run undefined when there is no list that it could close
   */
  async #finish(run: PackagingRun | undefined, sessionId: string): Promise<void> {
    const { liveStore, lease, observer } = this.#options;
    this.#isFinishing = true;
    try {
      if (run !== undefined && !(await run.finishSession())) return;
      const ended = await retry(() => liveStore.endSession(lease.streamId, sessionId), {
        signal: this.#leaving.signal,
        onFailure: (error, attempt) => observer.unreachable('live store', error, attempt),
      });
      if (ended === undefined) return;
      if (ended.value) {
        this.#events.ended(sessionId, this.#claim);
        this.#leave('session-over');
        run?.close();
      } else {
        this.#watch.reset();
        run?.restart('the publisher returned while its session was being ended');
      }
    } finally {
      this.#isFinishing = false;
    }
  }

  #learnClaim(claim: PublishClaim): void {
    if (claim.epoch > this.#claim.epoch) this.#claim = claim;
    this.#run?.observe(this.#claim);
  }

  /** Reads claims until there is one of this epoch or a newer one. */
  async #findClaim(epoch: number): Promise<void> {
    if (this.#isFindingClaim) return;
    this.#isFindingClaim = true;
    const { liveStore, lease, observer } = this.#options;
    const { signal } = this.#leaving;
    while (this.#claim.epoch < epoch && !signal.aborted) {
      const live = await retry(() => liveStore.readLiveStream(lease.streamId), {
        signal,
        onFailure: (error, attempt) => observer.unreachable('live store', error, attempt),
      });
      if (live?.value !== undefined) this.#learnClaim(live.value.claim);
      if (this.#claim.epoch < epoch) await pause(CLAIM_PAUSE_MS, signal);
    }
    this.#isFindingClaim = false;
  }
}
