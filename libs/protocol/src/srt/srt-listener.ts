// draft-sharabayko-srt-01 section 4.3.1: the listener of the caller-listener handshake, and the connections behind one port.
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
  rejectionType,
  SrtFlag,
} from './handshake.ts';
import type { Handshake } from './handshake.ts';
import { decodeKeyMaterial } from './key-material.ts';
import type { KeyMaterial } from './key-material.ts';
import {
  ControlType,
  controlTypeOf,
  destinationOf,
  isControl,
  SRT_HEADER_BYTES,
  timestampOf,
  UDP_OVERHEAD_BYTES,
} from './packet.ts';
import { encodePeerAddress, peerName } from './peer-address.ts';
import type { SrtPeer } from './peer-address.ts';
import { SrtRejection } from './rejection.ts';
import { SrtConnection } from './srt-connection.ts';
import type { SrtHandlers, SrtPace } from './srt-connection.ts';
import type { SrtKeys } from './srt-keys.ts';
import type { SynCookies } from './syn-cookie.ts';

/** What this side says of itself: 1.5.0 is the newest version whose features are all here. */
export const SRT_VERSION = 0x01_05_00;
export const SRT_FLAGS =
  SrtFlag.tsbpdSend |
  SrtFlag.tsbpdReceive |
  SrtFlag.crypt |
  SrtFlag.tooLateDrop |
  SrtFlag.periodicNak |
  SrtFlag.retransmitFlag;
/** Callers of earlier versions speak another handshake, or have no too-late packet drop. */
const LEAST_VERSION = 0x01_03_00;
export const MTU = 1_500;
/** A smaller one would have no room for a handshake. */
export const LEAST_MTU = 256;
/** How long a refusal is repeated to a caller that did not get it, and a handshake that comes late opens nothing again. */
const REMEMBERED_US = 3_000_000;
const LIVE = 'live';

export interface SrtListenerOptions {
  readonly cookies: SynCookies;
  /** Microseconds of a monotonic clock. */
  readonly clock: () => number;
  readonly send: (packet: Buffer, peer: SrtPeer) => void;
  /** Called for a caller whose address is its own. It may be accepted or rejected later. */
  readonly requested: (request: SrtRequest) => void;
  /**
   * Callers that are decided upon, or were refused or have left a moment ago. For one more the one that left first is forgotten; where all are decided
   * upon it is turned away.
   */
  readonly maxUndecided: number;
  /** How many of them may be of one network, and which network an address is of. */
  readonly maxUndecidedPerNetwork: number;
  readonly networkOf: (address: string) => string;
  readonly delayMs: number;
  readonly maxDelayMs: number;
  readonly receivePackets: number;
  readonly sendPackets: number;
  readonly idleUs: number;
}

interface Entry {
  readonly name: string;
  readonly peer: SrtPeer;
  readonly network: string;
  /** What a conclusion that is repeated is answered with again. */
  answer: Buffer | undefined;
  connection: SrtConnection | undefined;
  /** When it is forgotten, where there is no connection. */
  untilUs: number;
}

/** How much a connection keeps in each direction, in packets: powers of two; and for how long, and how fast it is sent again. */
export interface SrtWindows {
  readonly receivePackets: number;
  readonly sendPackets: number;
  readonly maxKeepMs?: number;
  readonly resendPace?: SrtPace;
}

/** A caller that asks for a stream. */
export interface SrtRequest {
  readonly peer: SrtPeer;
  /** Empty where the caller named none. */
  readonly streamId: string;
  /** Of a caller with a passphrase. */
  readonly keyMaterial: KeyMaterial | undefined;
  /** Of the caller's SRT, such as 1.5.1. */
  readonly version: string;
  readonly maxPayloadBytes: number;
  /**
   * @param keys of a caller with a passphrase
   * @param windows other than those of the listener
   */
  accept(handlers: SrtHandlers, keys: SrtKeys | undefined, windows?: SrtWindows): SrtConnection;
  reject(reason: number): void;
}

export class SrtListener {
  readonly #options: SrtListenerOptions;
  /** By peer and the socket id of the peer. */
  readonly #entries = new Map<string, Entry>();
  readonly #open = new Map<number, Entry>();
  #undecided = 0;
  readonly #undecidedOf = new Map<string, number>();
  /** Callers that were refused or have left, by the names of their entries: those that are forgotten first come first. */
  readonly #remembered = new Map<string, Entry>();

  constructor(options: SrtListenerOptions) {
    this.#options = options;
  }

  /** Connections that are open. */
  get size(): number {
    return this.#open.size;
  }

  /** One datagram, which is kept. Nothing that is malformed is answered. */
  push(packet: Buffer, peer: SrtPeer): void {
    // RFC 768: a datagram may come from no port, where no answer could go to.
    if (packet.length < SRT_HEADER_BYTES || peer.port === 0) return;
    const destination = destinationOf(packet);
    if (destination !== 0) return this.#toConnection(destination, packet, peer);
    if (!isControl(packet) || controlTypeOf(packet) !== ControlType.handshake) return;
    try {
      this.#handshake(decodeHandshake(packet), timestampOf(packet), peer);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
  }

  /** Whether there is no connection, and nothing that is remembered for a while: then it needs no `tick`. */
  get isIdle(): boolean {
    return this.#open.size === 0 && this.#entries.size === 0;
  }

  /** To be called every 10 ms, but while it is idle. */
  tick(): void {
    for (const { connection } of this.#open.values()) connection?.tick();
    const nowUs = this.#options.clock();
    for (const entry of this.#remembered.values()) {
      if (nowUs < entry.untilUs) break;
      this.#forget(entry);
    }
  }

  /** A packet counts only if it comes from where the connection was made. */
  #toConnection(socketId: number, packet: Buffer, { address, port }: SrtPeer): void {
    const entry = this.#open.get(socketId);
    if (entry?.peer.port === port && entry.peer.address === address) entry.connection?.push(packet);
  }

  #handshake(handshake: Handshake, timestamp: number, peer: SrtPeer): void {
    const { cookies, clock } = this.#options;
    const nowUs = clock();
    // The answer is as long as the question, and nothing is kept of either.
    if (handshake.type === HandshakeType.induction) {
      if (handshake.version !== HANDSHAKE_VERSION_4) return;
      const cookie = cookies.make(peerName(peer), nowUs);
      const extension = handshake.extension === DATAGRAM_SOCKET ? MAGIC : 0;
      const answer = { ...handshake, version: HANDSHAKE_VERSION_5, encryption: 0, extension, cookie };
      return this.#options.send(encodeHandshake(answer, handshake.socketId, 0, true), peer);
    }
    if (handshake.type !== HandshakeType.conclusion) return;
    if (!cookies.isGood(handshake.cookie, peerName(peer), nowUs)) return;
    this.#conclusion(handshake, timestamp, peer, nowUs);
  }

  #conclusion(handshake: Handshake, timestamp: number, peer: SrtPeer, nowUs: number): void {
    const name = `${peerName(peer)}|${handshake.socketId}`;
    const known = this.#entries.get(name);
    if (known !== undefined) {
      if (known.answer !== undefined) this.#options.send(known.answer, peer);
      return;
    }
    const turnAway = (reason: number): void => this.#options.send(refusal(handshake, reason), peer);
    // The same handshake is refused again in the same way: nothing has to be remembered.
    const unfit = unfitnessOf(handshake);
    if (unfit !== undefined) return turnAway(unfit);
    let keyMaterial: KeyMaterial | undefined;
    try {
      keyMaterial = handshake.keyMaterial && decodeKeyMaterial(handshake.keyMaterial);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return turnAway(SrtRejection.crypto);
    }
    const network = this.#options.networkOf(peer.address);
    if (!this.#hasRoom(network)) return turnAway(SrtRejection.backlog);
    const entry: Entry = { name, peer, network, answer: undefined, connection: undefined, untilUs: Infinity };
    this.#entries.set(name, entry);
    this.#count(entry, 1);
    const { version = 0 } = handshake.capabilities ?? {};
    this.#options.requested({
      peer,
      streamId: handshake.streamId ?? '',
      keyMaterial,
      version: [version >>> 16, (version >>> 8) & 0xff, version & 0xff].join('.'),
      maxPayloadBytes: payloadOf(handshake),
      accept: (handlers, keys, windows = this.#options) =>
        this.#accept(entry, { handshake, timestamp, arrivedUs: nowUs }, handlers, keys, windows),
      reject: (reason) => this.#refuse(entry, handshake, reason),
    });
  }

  #refuse(entry: Entry, handshake: Handshake, reason: number): void {
    entry.answer = refusal(handshake, reason);
    this.#remember(entry);
    this.#options.send(entry.answer, entry.peer);
  }

  #accept(
    entry: Entry,
    asked: { readonly handshake: Handshake; readonly timestamp: number; readonly arrivedUs: number },
    handlers: SrtHandlers,
    keys: SrtKeys | undefined,
    { receivePackets, sendPackets, maxKeepMs, resendPace }: SrtWindows,
  ): SrtConnection {
    const { handshake, timestamp, arrivedUs } = asked;
    const { delayMs, maxDelayMs, clock, send, idleUs } = this.#options;
    const theirs = handshake.capabilities!;
    // Section 4.4: of each direction, the longer of what its two ends ask for.
    const receiveDelayMs = Math.min(maxDelayMs, Math.max(delayMs, theirs.sendDelayMs));
    const sendDelayMs = Math.min(maxDelayMs, Math.max(delayMs, theirs.receiveDelayMs));
    const socketId = this.#freeSocketId();
    const nowUs = clock();
    const connection = new SrtConnection({
      handlers: {
        ...handlers,
        ended: (reason) => {
          this.#open.delete(socketId);
          this.#count(entry, 1);
          entry.connection = undefined;
          entry.answer = undefined;
          this.#remember(entry);
          handlers.ended(reason);
        },
      },
      send: (packet) => send(packet, entry.peer),
      clock,
      startUs: nowUs,
      peerSocketId: handshake.socketId,
      initialSequence: handshake.initialSequence,
      peerTimestamp: timestamp,
      peerStartedUs: arrivedUs - timestamp,
      receiveDelayMs,
      sendDelayMs,
      maxPayloadBytes: payloadOf(handshake),
      receivePackets,
      sendPackets,
      maxKeepMs,
      resendPace,
      idleUs,
      keys,
    });
    this.#count(entry, -1);
    entry.connection = connection;
    this.#open.set(socketId, entry);
    const answer: Handshake = {
      version: HANDSHAKE_VERSION_5,
      encryption: 0,
      extension: ExtensionFlag.hsReq | (keys === undefined ? 0 : ExtensionFlag.kmReq),
      initialSequence: handshake.initialSequence,
      mtu: Math.min(MTU, handshake.mtu),
      flowWindow: receivePackets,
      type: HandshakeType.conclusion,
      socketId,
      cookie: handshake.cookie,
      peerAddress: encodePeerAddress(entry.peer),
      capabilities: { version: SRT_VERSION, flags: SRT_FLAGS, receiveDelayMs, sendDelayMs },
      keyMaterial: keys && handshake.keyMaterial,
    };
    entry.answer = encodeHandshake(answer, handshake.socketId, 0, true);
    send(entry.answer, entry.peer);
    return connection;
  }

  /** Whether one caller more may be decided upon. Makes room, if need be. */
  #hasRoom(network: string): boolean {
    const { maxUndecided, maxUndecidedPerNetwork } = this.#options;
    if ((this.#undecidedOf.get(network) ?? 0) >= maxUndecidedPerNetwork) return false;
    if (this.#undecided < maxUndecided) return true;
    const [first] = this.#remembered.values();
    if (first === undefined) return false;
    this.#forget(first);
    return true;
  }

  #remember(entry: Entry): void {
    entry.untilUs = this.#options.clock() + REMEMBERED_US;
    this.#remembered.set(entry.name, entry);
  }

  #forget(entry: Entry): void {
    this.#remembered.delete(entry.name);
    this.#entries.delete(entry.name);
    this.#count(entry, -1);
  }

  /** One caller more that is decided upon or remembered, or one less. */
  #count({ network }: Entry, change: 1 | -1): void {
    this.#undecided += change;
    const count = (this.#undecidedOf.get(network) ?? 0) + change;
    if (count === 0) this.#undecidedOf.delete(network);
    else this.#undecidedOf.set(network, count);
  }

  #freeSocketId(): number {
    for (;;) {
      // Not to be guessed: a host that knows it may send into the connection from the same address.
      const id = randomBytes(4).readUInt32BE(0) & 0x3fff_ffff;
      if (id !== 0 && !this.#open.has(id)) return id;
    }
  }
}

const payloadOf = ({ mtu }: Handshake): number => Math.min(MTU, mtu) - UDP_OVERHEAD_BYTES - SRT_HEADER_BYTES;

/** Why a caller cannot be served whatever it asks for; undefined where it can. */
function unfitnessOf({ version, capabilities, mtu, congestion, hasFilter }: Handshake): number | undefined {
  if (version !== HANDSHAKE_VERSION_5 || capabilities === undefined) return SrtRejection.version;
  if (capabilities.version < LEAST_VERSION) return SrtRejection.version;
  if ((capabilities.flags & SrtFlag.stream) !== 0) return SrtRejection.messageApi;
  if (congestion !== undefined && congestion !== LIVE) return SrtRejection.congestion;
  if (hasFilter === true) return SrtRejection.filter;
  return mtu < LEAST_MTU ? SrtRejection.rogue : undefined;
}

function refusal(handshake: Handshake, reason: number): Buffer {
  const { cookie, initialSequence, flowWindow, mtu, peerAddress, socketId } = handshake;
  const answer = { version: HANDSHAKE_VERSION_5, encryption: 0, extension: 0, type: rejectionType(reason) };
  const rest = { cookie, initialSequence, flowWindow, mtu, peerAddress, socketId: 0 };
  return encodeHandshake({ ...answer, ...rest }, socketId, 0, true);
}
