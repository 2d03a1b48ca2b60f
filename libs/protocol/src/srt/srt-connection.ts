// draft-sharabayko-srt-01 section 4: a connection after its handshake. Packets in, packets out, a clock from outside.
import { ProtocolError } from '../bytes/index.ts';
import { decodeKeyMaterial, KeyState } from './key-material.ts';
import { encodeLossReport, readLossReport } from './loss-report.ts';
import {
  ControlType,
  controlSubtypeOf,
  controlTypeOf,
  encodeControlPacket,
  encodeDataPacket,
  isControl,
  isRetransmitted,
  keyFlagOf,
  KeyFlag,
  markRetransmitted,
  sequenceOf,
  SRT_HEADER_BYTES,
  timestampOf,
  typeSpecificOf,
} from './packet.ts';
import { ExtensionType } from './handshake.ts';
import { INITIAL_RTT_US, RoundTripTime } from './round-trip-time.ts';
import { SrtReceiveWindow } from './receive-window.ts';
import { SrtSendWindow } from './send-window.ts';
import { sequenceDistance, sequencePlus, SrtTimestampUnwrapper } from './sequence.ts';
import type { SrtKeys } from './srt-keys.ts';

/** Section 4.8.1: "full ACK … every 10 ms", "light ACK … every 64 packets". */
const ACK_US = 10_000;
const LIGHT_ACK_PACKETS = 64;
/** Section 4.8.2: periodic NAK, "not less than 20 ms". */
const LEAST_NAK_US = 20_000;
/** Section 4.8: "sent every 1 second". */
const KEEP_ALIVE_US = 1_000_000;
/** Section 4.7: samples of one estimate of the drift of the peer's clock. */
const DRIFT_SAMPLES = 1_000;
/** Section 4.6: a sender gives up what is later than this, or 1.25 times the delay where that is longer. */
const LEAST_SEND_DROP_US = 1_000_000;
/** Acknowledgements whose time of sending is remembered: an answer takes less time than so many of them. */
const ACK_HISTORY = 256;
/** A process that was held for longer than this, or a machine that slept, says nothing about its peers. */
const STALL_US = 500_000;
/** Of one report: what fits into a packet of 1,456 bytes. */
const MAX_LOSS_RANGES = 180;
/** Packets that are sent again without being asked for, at once. */
const MAX_UNASKED = 64;
/** Of packets that are sent again there may be so many for each that is sent, and a few each second: a peer cannot ask for more. */
const RESENT_PER_SENT = 1;
const RESENT_PER_SECOND = 20;
const FULL_ACK_BYTES = 28;
/** libsrt sends an empty word with packets that have nothing to say, and so does every sender since. */
const EMPTY_BYTES = 4;

/** What a connection has counted; absolute numbers since it began. */
export interface SrtStatistics {
  received: number;
  receivedBytes: number;
  /** Packets that had not come when the one behind them did. */
  lost: number;
  /** Packets that came again because they were asked for. */
  retransmitted: number;
  /** Packets that were given up: they did not come in time. */
  dropped: number;
  /** Packets that came twice, or after they had been given up. */
  belated: number;
  /** Packets that no key fits. */
  undecryptable: number;
  sent: number;
  sentAgain: number;
  sendDropped: number;
  rttUs: number;
}

export type SrtEnd = 'shutdown' | 'timeout' | 'malformed' | 'closed';

export interface SrtHandlers {
  /** One message, in order, when it is due; a view of what was read, which is the taker's. */
  data(payload: Buffer): void;
  /** Messages before the next one will not come. */
  lost(count: number): void;
  /** Called once. */
  ended(reason: SrtEnd): void;
}

/** How fast packets may be sent again, beside the limits of the connection itself. */
export interface SrtPace {
  readonly isSpent: boolean;
  spend(bytes: number): void;
}

export interface SrtConnectionOptions {
  readonly handlers: SrtHandlers;
  readonly send: (packet: Buffer) => void;
  /** Microseconds of a monotonic clock. */
  readonly clock: () => number;
  /** When this side began: its timestamps count from there. */
  readonly startUs: number;
  readonly peerSocketId: number;
  readonly initialSequence: number;
  /** Of the peer's handshake. */
  readonly peerTimestamp: number;
  /** The time here at which the peer's timestamps begin: TsbpdTimeBase (section 4.5.1). */
  readonly peerStartedUs: number;
  readonly receiveDelayMs: number;
  readonly sendDelayMs: number;
  readonly maxPayloadBytes: number;
  /** Powers of two. */
  readonly receivePackets: number;
  readonly sendPackets: number;
  /** The longest time for which what was sent is kept for the peer, whatever latency it asks for; no limit when not given. */
  readonly maxKeepMs?: number | undefined;
  readonly resendPace?: SrtPace | undefined;
  /** How long a peer may be silent. */
  readonly idleUs: number;
  readonly keys?: SrtKeys | undefined;
}

export class SrtConnection {
  readonly statistics: SrtStatistics = {
    received: 0,
    receivedBytes: 0,
    lost: 0,
    retransmitted: 0,
    dropped: 0,
    belated: 0,
    undecryptable: 0,
    sent: 0,
    sentAgain: 0,
    sendDropped: 0,
    rttUs: INITIAL_RTT_US,
  };
  /** While it is set nothing is delivered: what comes waits in the window, and what does not fit is lost. */
  isPaused = false;
  readonly #options: SrtConnectionOptions;
  readonly #rtt = new RoundTripTime();
  readonly #receive: SrtReceiveWindow;
  readonly #send: SrtSendWindow;
  readonly #timestamps: SrtTimestampUnwrapper;
  readonly #baseUs: number;
  readonly #delayUs: number;
  #driftUs = 0;
  #driftSum = 0;
  #driftCount = 0;
  #ended: SrtEnd | undefined;
  #heardUs: number;
  #tickedUs: number;
  #sentUs: number;
  #ackNumber = 0;
  readonly #ackSentUs = new Float64Array(ACK_HISTORY);
  readonly #ackSequence = new Uint32Array(ACK_HISTORY);
  #ackedUs: number;
  #toldSequence: number;
  #confirmedSequence: number;
  #sinceAck = 0;
  #nakedUs: number;
  #announcedUs = -Infinity;
  /** When the peer last acknowledged something new, or had nothing to acknowledge. */
  #readUs: number;
  /** How many packets may be sent again. */
  #resendCredit = MAX_UNASKED;
  #rateFromUs: number;
  #rateReceived = 0;
  #rateBytes = 0;
  #packetsPerSecond = 0;
  #bytesPerSecond = 0;
  readonly #take = (packet: Buffer): void => this.#options.handlers.data(packet);
  readonly #lost = (count: number): void => this.#options.handlers.lost(count);

  constructor(options: SrtConnectionOptions) {
    this.#options = options;
    const nowUs = options.clock();
    this.#receive = new SrtReceiveWindow(options.initialSequence, options.receivePackets);
    this.#send = new SrtSendWindow(options.initialSequence, options.sendPackets);
    this.#timestamps = new SrtTimestampUnwrapper(options.peerTimestamp);
    this.#baseUs = options.peerStartedUs;
    this.#delayUs = options.receiveDelayMs * 1_000;
    this.#heardUs = this.#tickedUs = this.#sentUs = this.#ackedUs = this.#nakedUs = this.#rateFromUs = nowUs;
    this.#readUs = nowUs;
    this.#toldSequence = this.#confirmedSequence = options.initialSequence;
  }

  get isEnded(): boolean {
    return this.#ended !== undefined;
  }

  get isEncrypted(): boolean {
    return this.#options.keys !== undefined;
  }

  /** A packet of the peer, which is kept. */
  push(packet: Buffer): void {
    if (this.#ended !== undefined || packet.length < SRT_HEADER_BYTES) return;
    const nowUs = this.#options.clock();
    this.#heardUs = nowUs;
    if (!isControl(packet)) return this.#data(packet, nowUs);
    try {
      this.#control(packet, nowUs);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#end('malformed');
    }
  }

  /** To be called every 10 ms. */
  tick(): void {
    if (this.#ended !== undefined) return;
    const nowUs = this.#options.clock();
    const sinceTickUs = nowUs - this.#tickedUs;
    this.#tickedUs = nowUs;
    // This side was away itself: what came meanwhile has not been read yet.
    if (sinceTickUs > STALL_US) this.#heardUs = Math.min(nowUs, this.#heardUs + sinceTickUs);
    if (nowUs - this.#heardUs > this.#options.idleUs) return this.#finish('timeout');
    this.#deliver(nowUs);
    if (nowUs - this.#ackedUs >= ACK_US) this.#acknowledge(nowUs);
    if (this.#receive.missing > 0 && nowUs - this.#nakedUs >= this.#nakUs) this.#reportMissing(nowUs);
    if (this.#send.size > 0) this.#sendUnasked(nowUs);
    this.#mayResend((sinceTickUs * RESENT_PER_SECOND) / 1_000_000);
    this.#announceKeys(nowUs);
    if (nowUs - this.#sentUs >= KEEP_ALIVE_US) this.#tell(ControlType.keepAlive, 0, 0, EMPTY_BYTES);
  }

  /** Sends one message. @returns false where it has to be left out: it is too long, or too much is on its way */
  write(payload: Uint8Array): boolean {
    const { keys, clock, startUs, peerSocketId, maxPayloadBytes } = this.#options;
    if (this.#ended !== undefined || this.#send.isFull || payload.length > maxPayloadBytes) return false;
    const nowUs = clock();
    if (this.#send.size === 0) this.#readUs = nowUs;
    this.#mayResend(RESENT_PER_SENT);
    const sequence = this.#send.next;
    const packet = encodeDataPacket(sequence, keys?.active ?? KeyFlag.none, nowUs - startUs, peerSocketId, payload);
    keys?.encrypt(sequence, packet.subarray(SRT_HEADER_BYTES));
    this.#send.add(packet, nowUs);
    this.statistics.sent++;
    this.#out(packet, nowUs);
    return true;
  }

  /** Whether all that was written has come, or was given up. */
  get isDrained(): boolean {
    return this.#send.size === 0;
  }

  /** Of the packets that were sent and not acknowledged, which are kept. */
  get unacknowledgedBytes(): number {
    return this.#send.bytes;
  }

  /** Of one message. */
  get maxPayloadBytes(): number {
    return this.#options.maxPayloadBytes;
  }

  /** How long the peer holds a message before it reads it. What it holds when the connection ends, it loses. */
  get sendDelayMs(): number {
    return this.#options.sendDelayMs;
  }

  /** Whether `write` takes a message now. */
  get isWritable(): boolean {
    return this.#ended === undefined && !this.#send.isFull;
  }

  /** Whether the peer has acknowledged nothing for as long as what is sent to it is kept: it reads nothing, or nothing reaches it. */
  get isUnread(): boolean {
    return this.#send.size > 0 && this.#options.clock() - this.#readUs > this.#keepUs;
  }

  /** Tells the peer that it is over. Idempotent. */
  close(): void {
    if (this.#ended !== undefined) return;
    this.#tell(ControlType.shutdown, 0, 0, EMPTY_BYTES);
    this.#end('closed');
  }

  #data(packet: Buffer, nowUs: number): void {
    const { statistics } = this;
    statistics.received++;
    statistics.receivedBytes += packet.length;
    if (isRetransmitted(packet)) statistics.retransmitted++;
    if (packet.length > SRT_HEADER_BYTES + this.#options.maxPayloadBytes) return;
    const sequence = sequenceOf(packet);
    const payload = packet.subarray(SRT_HEADER_BYTES);
    const dueUs = this.#baseUs + this.#timestamps.unwrap(timestampOf(packet)) + this.#delayUs + this.#driftUs;
    const insertion = this.#receive.insert(sequence, payload, dueUs, nowUs);
    if (insertion === 'stored') {
      this.#decrypt(packet, sequence, payload);
      if (this.#receive.gapFirst >= 0) this.#reportGap();
    } else if (insertion !== 'beyond') statistics.belated++;
    if (++this.#sinceAck % LIGHT_ACK_PACKETS === 0) this.#lightAck();
    this.#deliver(nowUs);
  }

  #decrypt(packet: Buffer, sequence: number, payload: Buffer): void {
    const flag = keyFlagOf(packet);
    const { keys } = this.#options;
    if (flag === KeyFlag.none && keys === undefined) return;
    if (keys?.decrypt(flag, sequence, payload) === true) return;
    this.statistics.undecryptable++;
    this.#receive.replaceByNothing(sequence);
  }

  #deliver(nowUs: number): void {
    if (this.isPaused) return;
    this.#receive.deliver(nowUs, this.#take, this.#lost);
    this.statistics.dropped = this.#receive.dropped;
  }

  #control(packet: Buffer, nowUs: number): void {
    const information = packet.subarray(SRT_HEADER_BYTES);
    switch (controlTypeOf(packet)) {
      case ControlType.ack:
        return this.#onAck(typeSpecificOf(packet), information);
      case ControlType.ackAck:
        return this.#onAckAck(typeSpecificOf(packet), timestampOf(packet), nowUs);
      case ControlType.nak:
        return this.#onNak(information, nowUs);
      case ControlType.dropRequest:
        if (information.length >= 8)
          this.#receive.giveUp(information.readUInt32BE(0) & 0x7fff_ffff, information.readUInt32BE(4) & 0x7fff_ffff);
        return;
      case ControlType.shutdown:
        return this.#finish('shutdown');
      case ControlType.peerError:
        return this.#end('shutdown');
      case ControlType.userDefined:
        return this.#onUserDefined(controlSubtypeOf(packet), information);
      default:
        // Keep-alive and congestion warnings; and what this version of the protocol does not know.
        return;
    }
  }

  /** Section 3.2.4. Only a full one is answered. */
  #onAck(number: number, information: Buffer): void {
    if (information.length < 4) return;
    const { oldest } = this.#send;
    this.#send.acknowledge(information.readUInt32BE(0) & 0x7fff_ffff);
    if (this.#send.oldest !== oldest) this.#readUs = this.#heardUs;
    if (information.length < 16) return;
    this.#tell(ControlType.ackAck, 0, number, EMPTY_BYTES);
    this.#rtt.told(information.readUInt32BE(4), information.readUInt32BE(8));
    this.statistics.rttUs = this.#rtt.us;
  }

  /** Sections 4.10 and 4.7. */
  #onAckAck(number: number, timestamp: number, nowUs: number): void {
    const slot = number % ACK_HISTORY;
    const sentUs = this.#ackSentUs[slot]!;
    if (sentUs === 0 || number > this.#ackNumber || this.#ackNumber - number >= ACK_HISTORY) return;
    this.#ackSentUs[slot] = 0;
    this.#confirmedSequence = this.#ackSequence[slot]!;
    this.#rtt.measured(nowUs - sentUs);
    this.statistics.rttUs = this.#rtt.us;
    this.#driftSum += nowUs - this.#baseUs - this.#timestamps.unwrap(timestamp);
    if (++this.#driftCount < DRIFT_SAMPLES) return;
    this.#driftUs = this.#driftSum / DRIFT_SAMPLES;
    this.#driftSum = this.#driftCount = 0;
  }

  /** However many ranges a report has, no more packets are looked for than there are. */
  #onNak(information: Buffer, nowUs: number): void {
    let left = this.#send.size;
    readLossReport(information, (first, last) => {
      if (left > 0) left -= this.#sendAgain(first, last, nowUs, left);
    });
  }

  /** @returns how many packets were looked for */
  #sendAgain(first: number, last: number, nowUs: number, most: number): number {
    const { statistics } = this;
    const end = sequencePlus(this.#send.next, -1);
    if (sequenceDistance(last, end) < 0) return 1;
    const missing = sequenceDistance(first, this.#send.oldest);
    if (missing > 0) this.#requestDrop(first, last);
    // Reports are repeated, and answers to the one before are on their way; but what was sent once is known to be missing.
    const sinceUs = nowUs - statistics.rttUs / 2;
    const begin = missing > 0 ? this.#send.oldest : first;
    const count = Math.min(sequenceDistance(begin, last) + 1, most);
    for (let i = 0; i < count; i++) this.#resend(sequencePlus(begin, i), sinceUs, nowUs, true);
    return Math.max(1, count);
  }

  #mayResend(packets: number): void {
    this.#resendCredit = Math.min(this.#resendCredit + packets, this.#options.sendPackets);
  }

  /** @param isAsked whether the peer has said that it is missing */
  #resend(sequence: number, sinceUs: number, nowUs: number, isAsked: boolean): void {
    const { resendPace } = this.#options;
    if (this.#resendCredit < 1 || resendPace?.isSpent === true) return;
    const packet = this.#send.again(sequence, sinceUs, nowUs, isAsked);
    if (packet === undefined) return;
    this.#resendCredit--;
    markRetransmitted(packet);
    this.statistics.sentAgain++;
    resendPace?.spend(packet.length);
    this.#out(packet, nowUs);
  }

  /** Section 3.2.9: these will not come again. */
  #requestDrop(first: number, last: number): void {
    if (this.#resendCredit < 1) return;
    this.#resendCredit--;
    const newest = sequencePlus(this.#send.oldest, -1);
    const end = sequenceDistance(last, newest) > 0 ? last : newest;
    const packet = this.#packet(ControlType.dropRequest, 0, 0, 8);
    packet.writeUInt32BE(first, SRT_HEADER_BYTES);
    packet.writeUInt32BE(end, SRT_HEADER_BYTES + 4);
    this.#out(packet, this.#options.clock());
  }

  /** How long what is sent is kept for the peer. */
  get #keepUs(): number {
    const { sendDelayMs, maxKeepMs = Infinity } = this.#options;
    return Math.min(Math.max(sendDelayMs * 1_250, LEAST_SEND_DROP_US), maxKeepMs * 1_000) + 2 * ACK_US;
  }

  /** The last packets before a pause are missed only by their sender; and reports get lost. */
  #sendUnasked(nowUs: number): void {
    this.statistics.sendDropped += this.#send.dropBefore(nowUs - this.#keepUs);
    const sinceUs = nowUs - this.#rtt.timeoutUs - 2 * ACK_US;
    const count = Math.min(this.#send.size, MAX_UNASKED);
    for (let i = 0; i < count; i++) this.#resend(sequencePlus(this.#send.oldest, i), sinceUs, nowUs, false);
  }

  #onUserDefined(subtype: number, information: Buffer): void {
    const { keys } = this.#options;
    if (subtype === ExtensionType.kmReq) {
      const isTaken = keys?.take(decodeKeyMaterial(information)) ?? false;
      if (isTaken) return this.#tellKeys(ExtensionType.kmRsp, information);
      const state = Buffer.alloc(4);
      state.writeUInt32BE(keys === undefined ? KeyState.noSecret : KeyState.badSecret);
      this.#tellKeys(ExtensionType.kmRsp, state);
    } else if (subtype === ExtensionType.kmRsp && keys?.announcement?.equals(information) === true) {
      keys.announcement = undefined;
    }
  }

  /** Section 6.1.6: repeated until it is acknowledged. */
  #announceKeys(nowUs: number): void {
    const announcement = this.#options.keys?.announcement;
    if (announcement === undefined || nowUs - this.#announcedUs < 1.5 * this.#rtt.us) return;
    this.#announcedUs = nowUs;
    this.#tellKeys(ExtensionType.kmReq, announcement);
  }

  #tellKeys(subtype: number, information: Buffer): void {
    const packet = this.#packet(ControlType.userDefined, subtype, 0, information.length);
    packet.set(information, SRT_HEADER_BYTES);
    this.#out(packet, this.#options.clock());
  }

  get #nakUs(): number {
    return Math.max(LEAST_NAK_US, this.#rtt.timeoutUs);
  }

  #reportGap(): void {
    const { gapFirst, gapLast } = this.#receive;
    this.statistics.lost += sequenceDistance(gapFirst, gapLast) + 1;
    this.#nak([gapFirst, gapLast]);
  }

  #reportMissing(nowUs: number): void {
    this.#nakedUs = nowUs;
    const ranges = this.#receive.takeMissing(nowUs - this.#nakUs, nowUs, MAX_LOSS_RANGES);
    if (ranges.length > 0) this.#nak(ranges);
  }

  #nak(ranges: readonly number[]): void {
    const information = encodeLossReport(ranges);
    const packet = this.#packet(ControlType.nak, 0, 0, information.length);
    packet.set(information, SRT_HEADER_BYTES);
    this.#out(packet, this.#options.clock());
  }

  #acknowledge(nowUs: number): void {
    const sequence = this.#receive.acknowledged;
    this.#measureRate(nowUs);
    const isTold = sequence === this.#toldSequence;
    if (isTold && sequence === this.#confirmedSequence) return;
    if (isTold && nowUs - this.#ackedUs < this.#rtt.timeoutUs) return;
    this.#ackedUs = nowUs;
    this.#sinceAck = 0;
    this.#toldSequence = sequence;
    const number = ++this.#ackNumber;
    this.#ackSentUs[number % ACK_HISTORY] = nowUs;
    this.#ackSequence[number % ACK_HISTORY] = sequence;
    const packet = this.#packet(ControlType.ack, 0, number, FULL_ACK_BYTES);
    let at = SRT_HEADER_BYTES;
    for (const word of [
      sequence,
      this.#rtt.us,
      this.#rtt.varianceUs,
      Math.max(2, this.#receive.room),
      this.#packetsPerSecond,
      // The capacity of the link is not estimated: live mode has no use for it.
      Math.max(1_000, this.#packetsPerSecond),
      this.#bytesPerSecond,
    ])
      at = packet.writeUInt32BE(Math.min(Math.round(word), 0xffff_ffff), at);
    this.#out(packet, nowUs);
  }

  #lightAck(): void {
    const packet = this.#packet(ControlType.ack, 0, 0, 4);
    packet.writeUInt32BE(this.#receive.acknowledged, SRT_HEADER_BYTES);
    this.#out(packet, this.#options.clock());
  }

  #measureRate(nowUs: number): void {
    const passedUs = nowUs - this.#rateFromUs;
    if (passedUs < 1_000_000) return;
    const { received, receivedBytes } = this.statistics;
    this.#packetsPerSecond = ((received - this.#rateReceived) * 1_000_000) / passedUs;
    this.#bytesPerSecond = ((receivedBytes - this.#rateBytes) * 1_000_000) / passedUs;
    this.#rateFromUs = nowUs;
    this.#rateReceived = received;
    this.#rateBytes = receivedBytes;
  }

  /** What has come is delivered before the end is told, whether it is due or not. */
  #finish(reason: SrtEnd): void {
    this.isPaused = false;
    this.#deliver(Infinity);
    this.#end(reason);
  }

  #end(reason: SrtEnd): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#options.handlers.ended(reason);
  }

  #tell(type: number, subtype: number, typeSpecific: number, bytes: number): void {
    this.#out(this.#packet(type, subtype, typeSpecific, bytes), this.#options.clock());
  }

  #packet(type: number, subtype: number, typeSpecific: number, bytes: number): Buffer {
    const { clock, startUs, peerSocketId } = this.#options;
    return encodeControlPacket(type, subtype, typeSpecific, clock() - startUs, peerSocketId, bytes);
  }

  #out(packet: Buffer, nowUs: number): void {
    this.#sentUs = nowUs;
    this.#options.send(packet);
  }
}
