// A stream that is pushed by SRT: MPEG-TS in live mode, as a caller.
import { SrtRejection } from '@millrace/protocol/srt';
import type { SrtAddress, SrtConnection, SrtEnd } from '@millrace/protocol/srt';
import { connectionFault } from '@millrace/service-kit';
import type { OutboundAddress } from '@millrace/service-kit';
import type { WatchedViewer } from '../live/live-streams.ts';
import type { TsForm } from '../mpegts/ts-form.ts';
import { SrtCall } from '../srt/srt-call.ts';
import { SRT_MAX_KEEP_MS, SRT_RECEIVE_PACKETS, SrtSender } from '../srt/srt-sender.ts';
import { PushFault } from './push-fault.ts';
import { PushOutcome } from './stream-push.ts';
import type { StreamPush } from './stream-push.ts';

/** As libsrt has it. */
const DEFAULT_LATENCY_MS = 120;
/** How long a server may be silent: it says each second that it is there. */
const IDLE_MS = 5_000;
/** How long a server may take to get what is left, and to read it: after its latency, up to the longest that is asked for. */
const CLOSE_MS = 2_000;
const MAX_LATENCY_MS = 8_000;

export interface SrtPushOptions {
  readonly url: SrtAddress;
  readonly streamId: string;
  readonly passphrase: string | undefined;
  /** Checked: one of these is called. */
  readonly addresses: readonly OutboundAddress[];
  readonly form: TsForm;
  /** How many packets are kept until they are acknowledged; a power of two. */
  readonly sendPackets: number;
  readonly bitsPerSecond: number;
  /** The server accepts more again. */
  readonly onDrained: () => void;
}

export class SrtPush implements StreamPush {
  readonly form: TsForm;
  readonly #outcome = new PushOutcome();
  readonly #sender: SrtSender;
  readonly #call: SrtCall;
  #connection: SrtConnection | undefined;
  /** When it is closed at the latest; undefined while it goes on. */
  #closeAtMs: number | undefined;

  constructor({ form, url, streamId, passphrase, addresses, sendPackets, bitsPerSecond, onDrained }: SrtPushOptions) {
    this.form = form;
    this.#sender = new SrtSender({ bitsPerSecond, onDrained });
    this.#call = new SrtCall({
      addresses,
      port: url.port,
      streamId,
      passphrase,
      ...(url.keyBytes !== undefined && { keyBytes: url.keyBytes }),
      delayMs: url.latencyMs ?? DEFAULT_LATENCY_MS,
      receivePackets: SRT_RECEIVE_PACKETS,
      sendPackets,
      maxKeepMs: SRT_MAX_KEEP_MS,
      resendPace: this.#sender.pace,
      idleUs: IDLE_MS * 1_000,
      handlers: { data: () => undefined, lost: () => undefined, ended: (reason) => this.fail(FAULTS[reason]) },
      connected: (connection) => {
        this.#connection = connection;
        this.#outcome.accept();
      },
      refused: (reason) => this.fail(refusal(reason)),
      failed: (error) => this.fail(new PushFault('unreachable', connectionFault(error), { cause: error })),
      ticked: () => this.#tick(),
    });
  }

  get ready(): Promise<void> {
    return this.#outcome.ready;
  }

  get closed(): Promise<PushFault | undefined> {
    return this.#outcome.closed;
  }

  get fault(): PushFault | undefined {
    return this.#outcome.fault;
  }

  get sentBytes(): number {
    return this.#sender.sentBytes;
  }

  /** What the form cannot carry is not called for. */
  refusalOf(): undefined {
    return undefined;
  }

  attached(viewer: WatchedViewer): void {
    if (this.#connection !== undefined && !this.#outcome.isOver)
      this.#sender.begin(this.#connection, viewer.openAccount());
  }

  write(bytes: Uint8Array): boolean {
    return this.#sender.write(bytes);
  }

  /** SRT has no message that says why: the connection ends once all was read. */
  end(): void {
    if (this.#connection === undefined) return this.fail(undefined);
    if (!this.#outcome.over(undefined)) return;
    this.#closeAtMs = performance.now() + Math.min(this.#connection.sendDelayMs, MAX_LATENCY_MS) + CLOSE_MS;
  }

  fail(fault: PushFault | undefined): void {
    if (this.#outcome.over(fault) || this.#closeAtMs !== undefined) this.#close();
  }

  #tick(): void {
    this.#sender.tick();
    if (this.#closeAtMs !== undefined && (this.#sender.isRead || performance.now() >= this.#closeAtMs)) this.#close();
  }

  #close(): void {
    this.#closeAtMs = undefined;
    this.#sender.close();
    this.#connection?.close();
    this.#call.close();
    this.#outcome.close();
  }
}

const FAULTS: Readonly<Record<SrtEnd, PushFault>> = {
  shutdown: new PushFault('closed', 'the server closed the connection'),
  timeout: new PushFault('closed', `the server has said nothing for ${IDLE_MS / 1_000} s`),
  malformed: new PushFault('protocol_error', 'the server sends what is no SRT'),
  closed: new PushFault('closed', 'the connection was ended'),
};

/** Haivision's access control guidelines: what servers answer by HTTP's numbers is about the stream. */
const WORDS: Readonly<Record<number, string>> = {
  [SrtRejection.badSecret]: 'the passphrase is not the one that it expects',
  [SrtRejection.unsecure]: 'it expects a passphrase, or none',
  [SrtRejection.unauthorized]: 'the stream id is not accepted',
  [SrtRejection.forbidden]: 'the stream id is not accepted',
  [SrtRejection.notFound]: 'it does not know the stream id',
  [SrtRejection.badRequest]: 'it does not understand the stream id',
  [SrtRejection.conflict]: 'the stream is published already',
  [SrtRejection.locked]: 'the stream is published already',
  [SrtRejection.overload]: 'it has too much to do',
  [SrtRejection.down]: 'it shuts down, or is not ready',
  [SrtRejection.version]: 'it does not speak SRT from version 1.3 on',
};

function refusal(reason: number): PushFault {
  if (reason === SrtRejection.timeout)
    return new PushFault('unreachable', 'no server of SRT answers there: UDP may be blocked on the way');
  const words = WORDS[reason];
  return new PushFault('refused', `the server refuses${words === undefined ? '' : `: ${words}`} (${reason})`);
}
