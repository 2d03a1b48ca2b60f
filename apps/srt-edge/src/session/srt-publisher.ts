// One SRT connection: who may open it, its deadlines, and what it publishes.
import { claimIds, publishSummary } from '@millrace/ingest';
import type {
  ActivePublisher,
  ConnectionState,
  EncoderPeer,
  LivePublisher,
  MediaWatch,
  PublishDecision,
} from '@millrace/ingest';
import { SrtKeys, SrtRejection } from '@millrace/protocol/srt';
import type { SrtConnection, SrtEnd, SrtRequest } from '@millrace/protocol/srt';
import type { Logger } from '@millrace/service-kit';
import { ProgramIntake } from '../ingest/program-intake.ts';
import { DRAINED, reasonOf } from '../ingest/refusal-reason.ts';
import { credentialsOf } from '../ingest/shown-credentials.ts';
import type { SrtEdgeContext } from '../srt-edge-context.ts';
import { StatisticsReader } from '../metrics.ts';

/** Silence is measured in this many steps. */
const IDLE_STEPS = 4;
const SAMPLE_MS = 5_000;

type Granted = Extract<PublishDecision, { granted: true }>;

/** What a connection is for once it was accepted. */
interface Publish {
  readonly publisher: LivePublisher;
  readonly watch: MediaWatch;
  readonly active: ActivePublisher;
  readonly intake: ProgramIntake;
  readonly connection: SrtConnection;
}

/** Why a connection is over, by what its protocol says. */
const REASONS: Readonly<Record<SrtEnd, string>> = {
  shutdown: 'unpublished',
  timeout: 'client_closed',
  malformed: 'malformed',
  closed: 'closed',
};

export class SrtPublisher {
  readonly peer: EncoderPeer;
  readonly logger: Logger;
  /** Called once. */
  onGone: (() => void) | undefined;
  readonly #request: SrtRequest;
  readonly #context: SrtEdgeContext;
  readonly #statistics: StatisticsReader;
  readonly #encoder: string;
  #publish: Publish | undefined;
  #isOver = false;
  #timers: NodeJS.Timeout[] = [];
  #ending: NodeJS.Timeout | undefined;

  constructor(request: SrtRequest, peer: EncoderPeer, context: SrtEdgeContext) {
    this.peer = peer;
    this.logger = context.logger.child({ peer: peer.address, protocol: peer.protocol });
    this.#request = request;
    this.#context = context;
    this.#statistics = new StatisticsReader(context.transport);
    this.#encoder = `SRT ${request.version}`;
  }

  get state(): ConnectionState {
    if (this.#isOver) return 'closing';
    return this.#publish === undefined ? 'waiting' : 'publishing';
  }

  /** Decides whether it may publish. Called once. */
  open(): void {
    this.#context.metrics.handshakes.inc({ outcome: 'connected' });
    const credentials = credentialsOf(this.#request);
    if ('rejection' in credentials) return this.#reject(credentials.rejection, credentials.words);
    void this.#context.ingest
      .decide(credentials.shown, this.peer, this.logger)
      .then((decision) => this.#decided(decision))
      .catch((error: unknown) => {
        this.logger.error({ err: error }, 'could not begin to publish');
        this.#reject(SrtRejection.internalError, 'internal error');
      });
  }

  /** Tells the encoder that it is over; SRT has no way to say why. Idempotent: the first reason counts. */
  end(reason: string, isAnnounced = false): void {
    if (this.#isOver) return;
    if (this.#publish === undefined) return this.#reject(SrtRejection.down, reason);
    this.#over(reason, isAnnounced, this.#publish);
    this.#publish.connection.close();
  }

  #decided(decision: PublishDecision): void {
    const { ingest } = this.#context;
    if (!decision.granted) {
      const { refusal } = decision;
      return this.#reject(reasonOf(refusal, this.#request.keyMaterial !== undefined), refusal);
    }
    // Meanwhile the edge may have begun to stop.
    if (ingest.draining || this.#isOver) {
      ingest.publishes.release(decision.claim);
      return this.#reject(SrtRejection.down, 'draining');
    }
    this.#begin(decision);
  }

  #begin(decision: Granted): void {
    const { claim, resumed } = decision;
    const { ingest, transport, settings } = this.#context;
    const keys = this.#keysOf(decision);
    const publisher =
      this.#request.keyMaterial !== undefined && keys === undefined ? undefined : this.#openPublisher(decision);
    if (publisher === undefined) {
      ingest.publishes.release(claim);
      return this.#reject(SrtRejection.down, 'unavailable');
    }
    const watch = ingest.watch(
      claim,
      // SRT has no message for either: the log, the session and the metrics have them.
      { warn: () => undefined, refuseCodec: () => this.end('unsupported_codec') },
      this.logger,
    );
    watch.follow(publisher);
    const intake = new ProgramIntake(publisher, watch, transport, settings.srtMaxPictureBytes);
    publisher.beforeEnd = () => intake.flush();
    const active: ActivePublisher = {
      publisher,
      health: watch,
      cut: (refusal) => this.end(refusal),
      end: (patienceMs) => this.#endAtKeyframe(patienceMs),
      askToReconnect: () => false,
    };
    ingest.publishes.begin(active, this.peer);
    const connection = this.#request.accept(
      {
        data: (payload) => this.#data(payload),
        lost: () => intake.lose(),
        ended: (reason) => this.#ended(reason),
      },
      keys,
    );
    publisher.onDrain = () => (connection.isPaused = false);
    this.#publish = { publisher, watch, active, intake, connection };
    this.#watchDeadlines(connection, intake);
    const { isEncrypted } = connection;
    const what = claim.standby === true ? 'encoder waits' : 'publish started';
    this.logger.info({ ...claimIds(claim), epoch: claim.epoch, resumed, encrypted: isEncrypted }, what);
  }

  #keysOf({ keyEncryptionKey }: Granted): SrtKeys | undefined {
    const { keyMaterial, maxPayloadBytes } = this.#request;
    if (keyMaterial === undefined || keyEncryptionKey === undefined) return undefined;
    return SrtKeys.open(keyMaterial, Buffer.from(keyEncryptionKey, 'base64'), maxPayloadBytes);
  }

  #openPublisher(decision: Granted): LivePublisher | undefined {
    try {
      return this.#context.ingest.publishes.open(decision);
    } catch (error) {
      this.logger.error({ err: error, ...claimIds(decision.claim) }, 'the frame bus did not accept the publisher');
      return undefined;
    }
  }

  #data(payload: Buffer): void {
    const publish = this.#publish;
    if (publish === undefined) return;
    const { publisher, intake, connection } = publish;
    publisher.counts.receivedBytes = connection.statistics.receivedBytes;
    intake.push(payload);
    if (publisher.accepting || connection.isPaused) return;
    connection.isPaused = true;
    this.#context.metrics.backpressure.inc();
  }

  #watchDeadlines(connection: SrtConnection, intake: ProgramIntake): void {
    const { srtIdleMs, srtSetupMs } = this.#context.settings;
    let received = 0;
    let quietSteps = 0;
    const look = (): void => {
      const isQuiet = connection.statistics.received === received && !connection.isPaused;
      received = connection.statistics.received;
      quietSteps = isQuiet ? quietSteps + 1 : 0;
      if (quietSteps >= IDLE_STEPS) this.end('idle_timeout');
    };
    const judge = (): void => {
      if (!intake.hasProgram) this.end('setup_timeout');
    };
    this.#timers = [
      setInterval(look, srtIdleMs / IDLE_STEPS),
      setInterval(() => this.#statistics.read(connection.statistics), SAMPLE_MS),
      setTimeout(judge, srtSetupMs),
    ];
  }

  #endAtKeyframe(patienceMs: number): void {
    const end = (): void => this.end(DRAINED);
    const publish = this.#publish;
    if (patienceMs === 0 || publish?.intake.hasVideo !== true || publish.publisher.counts.videoFrames === 0)
      return end();
    this.#ending = setTimeout(end, patienceMs);
    publish.intake.stopBeforeKeyframe(end);
  }

  #ended(reason: SrtEnd): void {
    if (this.#publish !== undefined) this.#over(REASONS[reason], reason === 'shutdown', this.#publish);
  }

  #over(reason: string, isAnnounced: boolean, { publisher, watch, active, connection }: Publish): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const timer of this.#timers) clearTimeout(timer);
    clearTimeout(this.#ending);
    watch.stop();
    this.#statistics.read(connection.statistics);
    const { ingest, metrics } = this.#context;
    const { claim, counts } = publisher;
    counts.receivedBytes = connection.statistics.receivedBytes;
    ingest.publishes.finish(active, this.peer, reason, isAnnounced);
    metrics.disconnects.inc({ reason });
    const { lost, retransmitted, dropped, rttUs } = connection.statistics;
    const transport = { packets_lost: lost, packets_retransmitted: retransmitted, packets_dropped: dropped };
    const summary = publishSummary(claim, counts, reason, this.#encoder);
    this.logger.info({ ...summary, ...transport, rtt_ms: Math.round(rttUs / 1_000) }, 'publish ended');
    this.onGone?.();
  }

  /** @param words for the log */
  #reject(rejection: SrtRejection, words: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.logger.info({ rejection, reason: words }, 'connection refused');
    this.#context.metrics.disconnects.inc({ reason: 'refused' });
    this.#request.reject(rejection);
    this.onGone?.();
  }
}
