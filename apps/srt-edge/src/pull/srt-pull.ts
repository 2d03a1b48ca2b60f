// One attempt to pull a stream over SRT, as a caller that listens to what it is sent, and to publish it.
import type { TakenSource } from '@millrace/control';
import { onSharedBeat } from '@millrace/domain';
import type { Beat } from '@millrace/domain';
import { SourceFault, SourcePublish } from '@millrace/ingest';
import type { EncoderPeer, PullAttempt, PullObserver, SourceConnection } from '@millrace/ingest';
import { SrtCall } from '@millrace/playout';
import { parseSrtAddress, SrtRejection } from '@millrace/protocol/srt';
import type { SrtConnection, SrtEnd } from '@millrace/protocol/srt';
import { peerNetwork } from '@millrace/service-kit';
import type { OutboundAddresses } from '@millrace/service-kit';
import { ProgramIntake } from '../ingest/program-intake.ts';
import { StatisticsReader } from '../metrics.ts';
import { SRT } from '../srt-edge-context.ts';
import type { SrtEdgeContext } from '../srt-edge-context.ts';

const UNNAMED = 'an SRT listener';
/** Packets of this side to the source: acknowledgements only. */
const SEND_PACKETS = 64;
const SAMPLE_MS = 5_000;

const ENDS: Readonly<Record<SrtEnd, string>> = {
  shutdown: 'the source ended the connection',
  timeout: 'the source has said nothing for some seconds',
  malformed: 'the source sends what is no SRT',
  closed: 'the connection was ended',
};

const REFUSALS: Readonly<Record<number, string>> = {
  [SrtRejection.badSecret]: 'the passphrase is not the one that it expects',
  [SrtRejection.unsecure]: 'it expects a passphrase, or none',
  [SrtRejection.unauthorized]: 'the stream id is not accepted',
  [SrtRejection.forbidden]: 'the stream id is not accepted',
  [SrtRejection.notFound]: 'it does not know the stream id, or the stream is not live',
  [SrtRejection.badRequest]: 'it does not understand the stream id',
  [SrtRejection.overload]: 'it has too much to do',
  [SrtRejection.down]: 'it shuts down, or is not ready',
  [SrtRejection.version]: 'it does not speak SRT from version 1.3 on',
};

export class SrtPull implements SourceConnection {
  peer: EncoderPeer = { protocol: SRT, address: '', network: '' };
  readonly #context: SrtEdgeContext;
  readonly #publish: SourcePublish;
  readonly #statistics: StatisticsReader;
  #call: SrtCall | undefined;
  #connection: SrtConnection | undefined;
  #intake: ProgramIntake | undefined;
  /** What came before there was an intake; undefined for what was lost on the way. */
  #held: (Buffer | undefined)[] = [];
  #samples: Beat | undefined;

  static open(
    source: TakenSource,
    observer: PullObserver,
    context: SrtEdgeContext,
    addresses: OutboundAddresses,
  ): PullAttempt {
    const pull = new SrtPull(source, observer, context);
    void pull.#connect(source, addresses).catch((error: unknown) => pull.#publish.broke(error));
    return pull.#publish;
  }

  private constructor(source: TakenSource, observer: PullObserver, context: SrtEdgeContext) {
    this.#context = context;
    this.#statistics = new StatisticsReader(context.transport);
    const { pullConnectMs: connectMs, srtIdleMs } = context.settings;
    this.#publish = new SourcePublish({
      source,
      observer,
      connection: this,
      ingest: context.ingest,
      logger: context.logger.child({ source_id: source.sourceId, protocol: SRT }),
      connectMs,
      idleMs: () => srtIdleMs,
    });
  }

  get bytesReceived(): number {
    return this.#connection?.statistics.receivedBytes ?? 0;
  }

  pause(): void {
    if (this.#connection !== undefined) this.#connection.isPaused = true;
  }

  resume(): void {
    if (this.#connection !== undefined) this.#connection.isPaused = false;
  }

  hangUp(): void {
    this.#samples?.stop();
    this.#held = [];
    if (this.#connection !== undefined) this.#statistics.read(this.#connection.statistics);
    this.#connection?.close();
    this.#call?.close();
  }

  async #connect(source: TakenSource, outbound: OutboundAddresses): Promise<void> {
    const url = parseSrtAddress(source.url);
    if (typeof url === 'string') throw new SourceFault(`the address of the source ${url}`);
    const addresses = await outbound.resolve(url.host);
    if (this.#publish.isOver) return;
    const { settings } = this.#context;
    this.peer = {
      ...this.peer,
      address: addresses[0]?.address ?? '',
      network: peerNetwork(addresses[0]?.address ?? ''),
    };
    this.#call = new SrtCall({
      addresses,
      port: url.port,
      streamId: url.streamId ?? '',
      passphrase: source.password,
      ...(url.keyBytes !== undefined && { keyBytes: url.keyBytes }),
      delayMs: Math.min(url.latencyMs ?? settings.srtLatencyMs, settings.srtMaxLatencyMs),
      receivePackets: settings.srtReceivePackets,
      sendPackets: SEND_PACKETS,
      idleUs: settings.srtTimeoutMs * 1_000,
      handlers: {
        data: (payload) => this.#publish.guarded(() => this.#data(payload)),
        lost: () => this.#publish.guarded(() => this.#lost()),
        ended: (reason) => this.#publish.fail(ENDS[reason]),
      },
      connected: (connection) => this.#connected(connection),
      refused: (reason) => this.#publish.fail(refusal(reason)),
      failed: (error) => this.#publish.broke(error),
    });
  }

  #connected(connection: SrtConnection): void {
    if (this.#publish.isOver) return connection.close();
    this.#connection = connection;
    this.#samples = onSharedBeat(SAMPLE_MS, () => this.#statistics.read(connection.statistics));
  }

  /** The stream is claimed once something comes. */
  #data(payload: Buffer): void {
    if (this.#intake !== undefined) {
      this.#intake.push(payload);
      return this.#publish.received();
    }
    if (this.#held.length === 0) void this.#begin().catch((error: unknown) => this.#publish.broke(error));
    this.#held.push(payload);
    // What follows waits in the window of the connection.
    this.pause();
  }

  #lost(): void {
    if (this.#intake === undefined) this.#held.push(undefined);
    else this.#intake.lose();
  }

  async #begin(): Promise<void> {
    let made: ProgramIntake | undefined;
    const begun = await this.#publish.begin(UNNAMED, (publisher, watch) => {
      const { transport, settings } = this.#context;
      const intake = new ProgramIntake(publisher, watch, transport, settings.srtMaxPictureBytes);
      publisher.beforeEnd = () => intake.flush();
      made = intake;
      return {
        atKeyframe: (act) => {
          if (intake.hasVideo && publisher.counts.videoFrames > 0) intake.stopBeforeKeyframe(act);
          else act();
        },
      };
    });
    if (begun && made !== undefined) this.#take(made);
  }

  #take(intake: ProgramIntake): void {
    const held = this.#held;
    this.#held = [];
    this.#intake = intake;
    for (const payload of held) {
      if (payload === undefined) intake.lose();
      else intake.push(payload);
      this.#publish.received();
    }
    if (!this.#publish.isPaused) this.resume();
  }
}

function refusal(reason: number): string {
  if (reason === SrtRejection.timeout) return 'no listener of SRT answers there: UDP may be blocked on the way';
  const words = REFUSALS[reason];
  return `the source refuses${words === undefined ? '' : `: ${words}`} (${reason})`;
}
