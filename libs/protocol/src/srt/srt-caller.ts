// draft-sharabayko-srt-01 section 4.3.1: the caller of the caller-listener handshake.
import { randomBytes } from 'node:crypto';
import { ProtocolError } from '../bytes/index.ts';
import {
  DATAGRAM_SOCKET,
  decodeHandshake,
  encodeHandshake,
  ExtensionFlag,
  HANDSHAKE_VERSION_4,
  HANDSHAKE_VERSION_5,
  HandshakeType,
  MAGIC,
  rejectionOf,
} from './handshake.ts';
import type { Handshake } from './handshake.ts';
import type { KeyBytes } from './key-material.ts';
import {
  ControlType,
  controlTypeOf,
  destinationOf,
  isControl,
  SRT_HEADER_BYTES,
  timestampOf,
  UDP_OVERHEAD_BYTES,
} from './packet.ts';
import { encodePeerAddress } from './peer-address.ts';
import type { SrtPeer } from './peer-address.ts';
import { SrtRejection } from './rejection.ts';
import { SrtConnection } from './srt-connection.ts';
import type { SrtHandlers, SrtPace } from './srt-connection.ts';
import { SrtKeys } from './srt-keys.ts';
import type { RefreshPeriod } from './srt-keys.ts';
import { LEAST_MTU, MTU, SRT_FLAGS, SRT_VERSION } from './srt-listener.ts';

/** Section 4.3: "every 250 ms". */
const REPEAT_US = 250_000;

export interface SrtCallerOptions {
  readonly peer: SrtPeer;
  readonly send: (packet: Buffer) => void;
  /** Microseconds of a monotonic clock. */
  readonly clock: () => number;
  readonly handlers: SrtHandlers;
  readonly connected: (connection: SrtConnection) => void;
  /** @param reason of `SrtRejection`, or one that the listener made up */
  readonly refused: (reason: number) => void;
  readonly streamId: string;
  readonly passphrase?: string | undefined;
  readonly keyBytes?: KeyBytes;
  readonly refresh?: RefreshPeriod;
  readonly delayMs: number;
  readonly receivePackets: number;
  readonly sendPackets: number;
  /** The longest time for which what was sent is kept, and how fast it is sent again; no limits when not given. */
  readonly maxKeepMs?: number;
  readonly resendPace?: SrtPace;
  readonly timeoutUs: number;
  readonly idleUs: number;
}

export class SrtCaller {
  readonly #options: SrtCallerOptions;
  readonly #socketId = (randomBytes(4).readUInt32BE(0) & 0x3fff_ffff) | 1;
  readonly #initialSequence = randomBytes(4).readUInt32BE(0) & 0x3fff_ffff;
  readonly #startUs: number;
  readonly #keys: SrtKeys | undefined;
  #request: Handshake;
  #connection: SrtConnection | undefined;
  #isRefused = false;
  #sentUs = -Infinity;

  constructor(options: SrtCallerOptions) {
    this.#options = options;
    this.#startUs = options.clock();
    const { passphrase, keyBytes = 16, refresh } = options;
    this.#keys = passphrase === undefined ? undefined : SrtKeys.make(passphrase, keyBytes, MAX_PAYLOAD_BYTES, refresh);
    this.#request = {
      version: HANDSHAKE_VERSION_4,
      encryption: 0,
      extension: DATAGRAM_SOCKET,
      initialSequence: this.#initialSequence,
      mtu: MTU,
      flowWindow: options.receivePackets,
      type: HandshakeType.induction,
      socketId: this.#socketId,
      cookie: 0,
      peerAddress: encodePeerAddress(options.peer),
    };
    this.#ask(this.#startUs);
  }

  /** A datagram of the listener, which is kept. */
  push(packet: Buffer): void {
    if (packet.length < SRT_HEADER_BYTES || destinationOf(packet) !== this.#socketId) return;
    if (!isControl(packet) || controlTypeOf(packet) !== ControlType.handshake) return this.#connection?.push(packet);
    if (this.#connection !== undefined || this.#isRefused) return;
    try {
      this.#answer(decodeHandshake(packet), timestampOf(packet));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
  }

  /** To be called every 10 ms. */
  tick(): void {
    if (this.#connection !== undefined) return this.#connection.tick();
    if (this.#isRefused) return;
    const nowUs = this.#options.clock();
    if (nowUs - this.#startUs > this.#options.timeoutUs) return this.#refuse(SrtRejection.timeout);
    if (nowUs - this.#sentUs >= REPEAT_US) this.#ask(nowUs);
  }

  #answer(answer: Handshake, timestamp: number): void {
    const rejection = rejectionOf(answer);
    if (rejection !== undefined) return this.#refuse(rejection);
    if (answer.type === HandshakeType.induction && this.#request.type === HandshakeType.induction)
      return this.#conclude(answer);
    if (answer.type !== HandshakeType.conclusion || this.#request.type !== HandshakeType.conclusion) return;
    if (answer.capabilities === undefined) return this.#refuse(SrtRejection.version);
    if (answer.mtu < LEAST_MTU) return this.#refuse(SrtRejection.rogue);
    const keyMaterial = this.#request.keyMaterial;
    if (keyMaterial !== undefined && answer.keyMaterial?.equals(keyMaterial) !== true)
      return this.#refuse(SrtRejection.badSecret);
    const { clock, send, handlers, delayMs, receivePackets, sendPackets, maxKeepMs, resendPace, idleUs } =
      this.#options;
    this.#connection = new SrtConnection({
      handlers,
      send,
      clock,
      startUs: this.#startUs,
      peerSocketId: answer.socketId,
      initialSequence: this.#initialSequence,
      peerTimestamp: timestamp,
      peerStartedUs: clock() - timestamp,
      receiveDelayMs: Math.max(delayMs, answer.capabilities.sendDelayMs),
      sendDelayMs: Math.max(delayMs, answer.capabilities.receiveDelayMs),
      maxPayloadBytes: Math.min(MTU, answer.mtu) - UDP_OVERHEAD_BYTES - SRT_HEADER_BYTES,
      receivePackets,
      sendPackets,
      maxKeepMs,
      resendPace,
      idleUs,
      keys: this.#keys,
    });
    this.#options.connected(this.#connection);
  }

  #conclude(answer: Handshake): void {
    if (answer.version !== HANDSHAKE_VERSION_5 || answer.extension !== MAGIC) return this.#refuse(SrtRejection.version);
    const { delayMs, streamId } = this.#options;
    this.#request = {
      ...this.#request,
      version: HANDSHAKE_VERSION_5,
      extension:
        ExtensionFlag.hsReq |
        (streamId === '' ? 0 : ExtensionFlag.config) |
        (this.#keys === undefined ? 0 : ExtensionFlag.kmReq),
      type: HandshakeType.conclusion,
      cookie: answer.cookie,
      capabilities: { version: SRT_VERSION, flags: SRT_FLAGS, receiveDelayMs: delayMs, sendDelayMs: delayMs },
      keyMaterial: this.#keys?.material,
      // An empty one is none: libsrt refuses an extension without content.
      ...(streamId !== '' && { streamId }),
    };
    this.#ask(this.#options.clock());
  }

  #refuse(reason: number): void {
    this.#isRefused = true;
    this.#options.refused(reason);
  }

  #ask(nowUs: number): void {
    this.#sentUs = nowUs;
    this.#options.send(encodeHandshake(this.#request, 0, nowUs - this.#startUs, false));
  }
}

const MAX_PAYLOAD_BYTES = MTU - UDP_OVERHEAD_BYTES - SRT_HEADER_BYTES;
