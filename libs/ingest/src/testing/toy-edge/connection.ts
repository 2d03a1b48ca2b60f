// One connection: length-prefixed messages, the first of which contains a key. A real edge also has time limits, and its parser is in
// libs/protocol.
import type { Socket } from 'node:net';
import type { PublishRefusal } from '@millrace/domain';
import type { Logger } from '@millrace/service-kit';
import type { Ingest, PublishDecision } from '../../ingest.ts';
import type { ConnectionState } from '../../metrics/ingest-metrics.ts';
import type { ActivePublisher } from '../../publish/active-publishers.ts';
import type { EncoderPeer } from '../../publish/encoder-peer.ts';
import type { MediaWatch } from '../../publish/media-watch.ts';
import { refusalLine } from './refusal.ts';
import { MessageKind, ToFrames } from './to-frames.ts';
import type { ToyMessage } from './to-frames.ts';

/** Length in 4 bytes, kind, flags, milliseconds in 8 bytes, offset in 2. */
export const HEADER_BYTES = 16;
const MAX_PAYLOAD_BYTES = 1024 * 1024;

export class ToyConnection {
  readonly peer: EncoderPeer;
  readonly #socket: Socket;
  readonly #ingest: Ingest;
  readonly #logger: Logger;
  #input: Buffer = Buffer.alloc(0);
  #active: ActivePublisher | undefined;
  #watch: MediaWatch | undefined;
  #toFrames: ToFrames | undefined;
  #isDeciding = false;
  #isClosed = false;

  constructor(socket: Socket, peer: EncoderPeer, ingest: Ingest, logger: Logger) {
    this.#socket = socket;
    this.peer = peer;
    this.#ingest = ingest;
    this.#logger = logger;
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
    socket.on('end', () => this.#end('unpublished', true));
    socket.on('error', (error) => logger.debug({ err: error }, 'socket failed'));
    socket.on('close', () => this.#end('client_closed', false));
  }

  get state(): ConnectionState {
    if (this.#isClosed) return 'closing';
    return this.#active ? 'publishing' : 'waiting';
  }

  /** Idempotent: the first reason counts. */
  cut(refusal: PublishRefusal, detail?: string): void {
    if (this.#isClosed) return;
    this.#end(refusal, false);
    this.#socket.end(refusalLine(refusal, detail));
    // Further input is read and dropped, since the end of the encoder's side is noticed only while reading.
    this.#socket.resume();
  }

  #read(bytes: Buffer): void {
    if (this.#isClosed) return;
    this.#input = this.#input.length === 0 ? bytes : Buffer.concat([this.#input, bytes]);
    this.#drainInput();
    if (this.#active) this.#active.publisher.counts.receivedBytes = this.#socket.bytesRead;
  }

  #drainInput(): void {
    while (!this.#isDeciding && !this.#isClosed && this.#input.length >= HEADER_BYTES) {
      const length = this.#input.readUInt32BE(0);
      if (length > MAX_PAYLOAD_BYTES) return this.cut('limit_exceeded');
      if (this.#input.length < HEADER_BYTES + length) return;
      const message: ToyMessage = {
        kind: this.#input[4]!,
        flags: this.#input[5]!,
        timeMs: Number(this.#input.readBigInt64BE(6)),
        offsetMs: this.#input.readInt16BE(14),
        payload: this.#input.subarray(HEADER_BYTES, HEADER_BYTES + length),
      };
      this.#input = this.#input.subarray(HEADER_BYTES + length);
      this.#take(message);
    }
  }

  #take(message: ToyMessage): void {
    if (this.#toFrames) {
      this.#toFrames.message(message);
      if (this.#active?.publisher.accepting === false) this.#socket.pause();
    } else if (message.kind === MessageKind.key) {
      void this.#decide(message.payload.toString());
    } else {
      this.cut('bad_key');
    }
  }

  /** Reading pauses meanwhile. */
  async #decide(key: string): Promise<void> {
    this.#isDeciding = true;
    this.#socket.pause();
    const decision = await this.#ingest.decide({ key, app: 'toy', encoder: 'a test' }, this.peer, this.#logger);
    this.#isDeciding = false;
    if (!decision.granted) return this.cut(decision.refusal, decision.detail);
    // Meanwhile the edge may have begun to stop, and the encoder may have left.
    if (this.#ingest.draining || this.#isClosed) {
      this.#ingest.publishes.release(decision.claim);
      return this.cut('draining');
    }
    this.#begin(decision);
    this.#drainInput();
    this.#socket.resume();
  }

  #begin(decision: Extract<PublishDecision, { granted: true }>): void {
    const { publishes } = this.#ingest;
    const told = {
      warn: (message: string) => void this.#socket.write(`warning ${message}\n`),
      refuseCodec: (detail: string) => this.cut('unsupported_codec', detail),
    };
    const watch = this.#ingest.watch(decision.claim, told, this.#logger);
    const publisher = publishes.open(decision);
    watch.follow(publisher);
    publisher.onDrain = () => void this.#socket.resume();
    this.#watch = watch;
    this.#toFrames = new ToFrames(publisher, watch);
    this.#active = {
      publisher,
      health: watch,
      cut: (refusal) => this.cut(refusal),
      end: () => this.cut('draining'),
      askToReconnect: () => false,
    };
    publishes.begin(this.#active, this.peer);
    this.#socket.write('granted\n');
  }

  /** Idempotent: the first reason counts. */
  #end(reason: string, unpublished: boolean): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#watch?.stop();
    if (this.#active) this.#ingest.publishes.finish(this.#active, this.peer, reason, unpublished);
  }
}
