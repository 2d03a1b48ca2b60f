// What an edge publishes of a source that it pulls, by whatever protocol: the claim, the deadlines, and how it ends.
import type { TakenSource } from '@millrace/control';
import { onSharedBeat, PUBLISH_REFUSALS } from '@millrace/domain';
import type { Beat } from '@millrace/domain';
import type { Logger } from '@millrace/service-kit';
import type { Ingest } from '../ingest.ts';
import type { ActivePublisher } from '../publish/active-publishers.ts';
import { claimIds, publishSummary } from '../publish/claim-ids.ts';
import type { EncoderPeer } from '../publish/encoder-peer.ts';
import type { LivePublisher } from '../publish/live-publisher.ts';
import type { MediaWatch } from '../publish/media-watch.ts';
import type { GrantedPublish } from '../publish/publish-lifecycle.ts';
import type { PullAttempt, PullObserver } from './pull-connector.ts';
import { sourceFaultOf } from './source-fault.ts';

/** Silence is measured in this many steps. */
const IDLE_STEPS = 4;
/** It is logged with each publish. */
const MAX_NAME_LENGTH = 128;

/** The connection to a source. */
export interface SourceConnection {
  readonly peer: EncoderPeer;
  readonly bytesReceived: number;
  /** Nothing is read while the bus is behind: the protocol holds the source back. */
  pause(): void;
  resume(): void;
  /** Called once, when the attempt is over. */
  hangUp(): void;
}

/** What takes the media of a source. */
export interface SourceIntake {
  /** @param act called once where the stream can be cut with the least loss: before the next keyframe, or at once without video */
  atKeyframe(act: () => void): void;
}

export interface SourcePublishOptions {
  readonly source: TakenSource;
  readonly observer: PullObserver;
  readonly connection: SourceConnection;
  readonly ingest: Ingest;
  readonly logger: Logger;
  /** How long it may take until the source sends media. */
  readonly connectMs: number;
  /** How long it may send none; asked once it is about to begin. */
  readonly idleMs: () => number;
}

/** From connecting to publishing to over. Whatever a source brings about costs that source alone, and not the process. */
export class SourcePublish implements PullAttempt {
  readonly #options: SourcePublishOptions;
  readonly #setup: NodeJS.Timeout;
  #publish: { readonly active: ActivePublisher; readonly watch: MediaWatch; readonly encoder: string } | undefined;
  #bytesBefore = 0;
  #isPaused = false;
  #isLive = false;
  #isOver = false;
  #idle: Beat | undefined;
  #ending: NodeJS.Timeout | undefined;

  constructor(options: SourcePublishOptions) {
    this.#options = options;
    const { connectMs } = options;
    const late = `the source did not begin to send within ${connectMs / 1_000} s`;
    this.#setup = setTimeout(() => this.fail(late), connectMs);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether the source is not read from, because the bus is behind. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Runs what a source has brought about. */
  guarded(work: () => void): void {
    if (this.#isOver) return;
    try {
      work();
    } catch (error) {
      this.broke(error);
    }
  }

  /** Something has failed while the source was pulled. */
  broke(error: unknown): void {
    if (this.#isOver) return;
    const message = sourceFaultOf(error);
    if (message !== undefined) return this.fail(message);
    this.#options.logger.error({ err: error }, 'pulling a source broke');
    this.fail('it cannot be pulled because of an error of this server');
  }

  /**
   * Claims the stream, once the source is ready to send and not before: one that cannot be reached keeps no encoder out.
   *
   * @param encoder what the other side calls itself
   * @param open makes the intake of its media
   * @returns whether media is taken from now on
   */
  async begin(encoder: string, open: (publisher: LivePublisher, watch: MediaWatch) => SourceIntake): Promise<boolean> {
    const { ingest, source, connection, logger } = this.#options;
    const name = encoder.slice(0, MAX_NAME_LENGTH);
    const decision = await ingest.decide({ encoder: name, key: source.key, app: 'pull' }, connection.peer, logger);
    if (!decision.granted) this.fail(decision.detail ?? PUBLISH_REFUSALS[decision.refusal]);
    else if (this.#isOver || ingest.draining) {
      ingest.publishes.release(decision.claim);
      this.fail(PUBLISH_REFUSALS.draining);
    } else this.#open(decision, name, open);
    return this.#publish !== undefined && !this.#isOver;
  }

  /** Media has come, and was given to the intake. */
  received(): void {
    if (this.#publish === undefined || this.#isOver) return;
    const { publisher } = this.#publish.active;
    publisher.counts.receivedBytes = this.#options.connection.bytesReceived - this.#bytesBefore;
    if (!this.#isLive && framesOf(publisher) > 0) {
      this.#isLive = true;
      this.#options.observer.live();
    }
    if (publisher.accepting || this.#isPaused) return;
    this.#isPaused = true;
    this.#options.ingest.metrics.backpressure.inc();
    this.#options.connection.pause();
  }

  /** @param message for the tenant. @param reason one of a bounded set */
  fail(message: string, reason = 'source_failed'): void {
    if (this.#isOver) return;
    this.close(reason);
    this.#options.observer.ended(message);
  }

  close(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#setup);
    clearTimeout(this.#ending);
    this.#idle?.stop();
    if (this.#publish !== undefined) this.#finish(reason);
    this.#options.connection.hangUp();
  }

  #open(
    decision: GrantedPublish & { readonly resumed: boolean },
    encoder: string,
    open: (publisher: LivePublisher, watch: MediaWatch) => SourceIntake,
  ): void {
    const { ingest, connection, logger } = this.#options;
    const { claim, resumed } = decision;
    let publisher: LivePublisher;
    try {
      publisher = ingest.publishes.open(decision);
    } catch (error) {
      logger.error({ err: error, ...claimIds(claim) }, 'the frame bus did not accept the publisher');
      ingest.publishes.release(claim);
      return this.fail(PUBLISH_REFUSALS.unavailable);
    }
    // A source has no message for either: the log, the session and the metrics have them.
    const refuseCodec = (detail: string): void =>
      this.fail(`the source has nothing that is carried: ${detail}`, 'unsupported_codec');
    const watch = ingest.watch(claim, { warn: () => undefined, refuseCodec }, logger);
    watch.follow(publisher);
    const intake = open(publisher, watch);
    publisher.onDrain = () => this.#resume();
    const active: ActivePublisher = {
      publisher,
      health: watch,
      cut: (refusal) => this.#end(refusal),
      end: (patienceMs) => this.#endAtKeyframe(intake, patienceMs),
      askToReconnect: () => false,
    };
    this.#publish = { active, watch, encoder };
    this.#bytesBefore = connection.bytesReceived;
    clearTimeout(this.#setup);
    ingest.publishes.begin(active, connection.peer);
    logger.info({ ...claimIds(claim), epoch: claim.epoch, resumed }, 'publish started');
    this.#watchSilence(publisher);
  }

  #resume(): void {
    if (!this.#isPaused || this.#isOver) return;
    this.#isPaused = false;
    this.guarded(() => this.#options.connection.resume());
  }

  #watchSilence(publisher: LivePublisher): void {
    const idleMs = this.#options.idleMs();
    let frames = framesOf(publisher);
    let quietSteps = 0;
    this.#idle = onSharedBeat(idleMs / IDLE_STEPS, () => {
      const isQuiet = framesOf(publisher) === frames && !this.#isPaused;
      frames = framesOf(publisher);
      quietSteps = isQuiet ? quietSteps + 1 : 0;
      if (quietSteps >= IDLE_STEPS) this.fail(`the source sent no media for ${idleMs / 1_000} s`, 'idle_timeout');
    });
  }

  #endAtKeyframe(intake: SourceIntake, patienceMs: number): void {
    const end = (): void => this.#end('drained');
    if (patienceMs === 0) return end();
    this.#ending = setTimeout(end, patienceMs);
    intake.atKeyframe(end);
  }

  /** The publisher is cut, or its edge stops. @param reason a refusal, or `drained` */
  #end(reason: string): void {
    const words = (PUBLISH_REFUSALS as Readonly<Record<string, string>>)[reason] ?? 'the edge that pulled it stopped';
    this.fail(words, reason);
  }

  #finish(reason: string): void {
    const { active, watch, encoder } = this.#publish!;
    const { ingest, connection, logger } = this.#options;
    const { claim, counts } = active.publisher;
    watch.stop();
    counts.receivedBytes = connection.bytesReceived - this.#bytesBefore;
    ingest.publishes.finish(active, connection.peer, reason, false);
    logger.info(publishSummary(claim, counts, reason, encoder), 'publish ended');
  }
}

const framesOf = ({ counts }: LivePublisher): number => counts.videoFrames + counts.audioFrames;
