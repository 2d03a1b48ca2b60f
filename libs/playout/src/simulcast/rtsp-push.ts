// A stream that is pushed by RTSP: announced, set up and recorded (RFC 2326 section 10.11), with media in the connection of the messages.
import { eachInterleaved, RtspClientSession } from '@millrace/protocol/rtsp';
import type { RtspClientEvent, RtspCredentials } from '@millrace/protocol/rtsp';
import type { OutboundAddress } from '@millrace/service-kit';
import type { RtpForm } from '../rtp/rtp-form.ts';
import { PushFault, repeatable } from './push-fault.ts';
import { PushSocket } from './push-socket.ts';
import type { StreamPush } from './stream-push.ts';

const USER_AGENT = 'Millrace';
/** What a server answers: heads, and texts that explain them. */
const LIMITS = { maxHeadBytes: 16 * 1024, maxBodyBytes: 64 * 1024, maxHeaders: 64 } as const;
const ANY_ADDRESS = '0.0.0.0';

export interface RtspPushOptions {
  /** With the stream key, without credentials. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
  readonly credentials?: RtspCredentials | undefined;
  /** What servers may repeat, and is not to be shown. */
  readonly secrets: readonly (string | undefined)[];
  /** Checked: one of these is connected to. */
  readonly addresses: readonly OutboundAddress[];
  readonly form: RtpForm;
  /** The server accepts more again. */
  readonly onDrained: () => void;
}

export class RtspPush implements StreamPush {
  readonly form: RtpForm;
  readonly #options: RtspPushOptions;
  readonly #socket: PushSocket;
  readonly #session: RtspClientSession;
  /** Channels of the server by those of the form; undefined where they are the same. */
  #moved: Map<number, number> | undefined;
  #keepAlive: NodeJS.Timeout | undefined;

  constructor(options: RtspPushOptions) {
    this.#options = options;
    const { form, url, credentials } = options;
    this.form = form;
    this.#session = new RtspClientSession({
      url,
      credentials,
      secrets: repeatable(options.secrets),
      userAgent: USER_AGENT,
      peer: 'the server',
      announced: form.description(ANY_ADDRESS, Date.now()),
      limits: LIMITS,
    });
    this.#socket = new PushSocket({
      ...options,
      onConnected: () => this.#with(() => this.#session.start()),
      onReceived: (bytes) => this.#with(() => this.#session.push(bytes)),
      onOver: () => clearInterval(this.#keepAlive),
    });
  }

  get ready(): Promise<void> {
    return this.#socket.outcome.ready;
  }

  get closed(): Promise<PushFault | undefined> {
    return this.#socket.outcome.closed;
  }

  get fault(): PushFault | undefined {
    return this.#socket.outcome.fault;
  }

  get sentBytes(): number {
    return this.#socket.sentBytes;
  }

  /** What the form has no payload format for is not connected for. */
  refusalOf(): undefined {
    return undefined;
  }

  write(bytes: Uint8Array): boolean {
    return this.#socket.write(this.#onChannels(bytes));
  }

  end(): void {
    if (this.#socket.outcome.isOver) return;
    if (this.#socket.outcome.isAccepted)
      this.#socket.send(this.#onChannels(this.form.farewell(new Set(this.form.tracks.map(({ kind }) => kind)))));
    this.#with(() => this.#session.teardown());
    this.#socket.end();
  }

  fail(fault: PushFault | undefined): void {
    this.#socket.fail(fault);
  }

  /** Whatever a server brings about costs its own connection alone. */
  #with(step: () => void): void {
    try {
      step();
      while (!this.#socket.outcome.isOver) {
        const event = this.#session.next();
        if (event === undefined) return;
        this.#take(event);
      }
    } catch (error) {
      this.fail(new PushFault('protocol_error', 'what the server says cannot be answered', { cause: error }));
    }
  }

  #take(event: RtspClientEvent): void {
    switch (event.kind) {
      case 'send':
        return this.#socket.send(event.bytes);
      case 'announced':
        return this.#session.setUp(
          this.form.tracks.map(({ control }) => control),
          undefined,
        );
      case 'set-up':
        this.#useChannels(event.channels);
        return this.#session.record();
      case 'recording':
        this.#keepAlive = setInterval(() => this.#with(() => this.#session.keepAlive()), this.#session.keepAliveMs);
        return this.#socket.outcome.accept();
      case 'failed': {
        const { code, message } = event.fault;
        return this.fail(new PushFault(code === 'refused' ? 'refused' : 'protocol_error', message));
      }
      default:
        // Receiver reports: TCP itself tells what has arrived.
        return;
    }
  }

  #useChannels(channels: readonly (readonly [number, number])[]): void {
    const moved = this.form.tracks.flatMap(({ channel }, i) =>
      (channels[i] ?? []).map((given, j) => [channel + j, given] as const),
    );
    if (moved.some(([own, given]) => own !== given)) this.#moved = new Map(moved);
  }

  #onChannels(bytes: Uint8Array): Uint8Array {
    const moved = this.#moved;
    if (moved === undefined) return bytes;
    const copy = Buffer.from(bytes);
    eachInterleaved(bytes, (channel, at) => (copy[at + 1] = moved.get(channel) ?? channel));
    return copy;
  }
}
