// Many datagrams in one system call: recvmmsg(2) and sendmmsg(2), as Linux has them on machines of 64 bits. All memory is laid out once
// and held for as long as the thread lives; the system reads and writes it only during a call.
import { networkInterfaces } from 'node:os';
import { formatIpv4, formatIpv6, parseIpAddress } from '@millrace/protocol/stun';
import type { RuntimeUdpSocket } from './dgram-socket.ts';
import type { SystemCalls } from './system-calls.ts';
import { HEADROOM_BYTES } from './udp-socket.ts';

/** The most datagrams of one call. */
export const BATCH = 64;
/** How many datagrams may wait together, received and not yet sent on. */
const SLOTS = 2 * BATCH;
/** RFC 768: the length has 16 bits, and counts the 8 bytes of its own header. */
const MAX_DATAGRAM_BYTES = 65_527;
/**
 * A slot holds any datagram, and the room around it. Their distance is no power of two: else all would compete for the same lines of the
 * processor's caches.
 */
const SLOT_BYTES = 66_880;
/** For what does not lie in a slot already; what does not fit has the rest sent first. */
const PACKED_BYTES = 4 * SLOT_BYTES;
const PACKED_AT = SLOTS * SLOT_BYTES;
/** After so many calls in a row that took nothing of what the runtime's sockets then sent, the system is taken to deny the call. */
const MAX_DENIED = 16;
/** How many addresses are remembered in their other form; one more, and all are forgotten. */
const MAX_REMEMBERED = 4_096;

// struct mmsghdr { struct msghdr { name, namelen, iov, iovlen, control, controllen, flags }, len }
const HEADER_BYTES = 64;
const NAME_LENGTH_AT = 8;
const VECTOR_AT = 16;
const VECTOR_COUNT_AT = 24;
const CONTROL_AT = 32;
const CONTROL_LENGTH_AT = 40;
const LENGTH_AT = 56;
// struct iovec { base, len }
const VECTOR_BYTES = 16;
const VECTOR_LENGTH_AT = 8;
// struct sockaddr_in { family, port, addr } and sockaddr_in6 { family, port, flowinfo, addr, scope_id }
const NAME_BYTES = 32;
const PORT_AT = 2;
const IPV4_AT = 4;
const IPV4_NAME_BYTES = 16;
const FLOW_AT = 4;
const IPV6_AT = 8;
const IPV6_SCOPE_AT = 24;
const IPV6_NAME_BYTES = 28;
const AF_INET = 2;
const AF_INET6 = 10;
// struct cmsghdr { len, level, type }, and the value behind it
const CONTROL_BYTES = 24;
const CONTROL_LENGTH = 18;
const CONTROL_LEVEL_AT = 8;
const CONTROL_TYPE_AT = 12;
const CONTROL_VALUE_AT = 16;
const SOL_UDP = 17;
const UDP_SEGMENT = 103;
/** linux/udp.h, as it was first: later systems take twice as many. */
const MAX_SEGMENTS = 64;
/** All segments of a call are one datagram until the system cuts them. */
const MAX_SEGMENTED_BYTES = 65_000;
/** The system cuts only what no path would have cut up: 1500 bytes without the headers of IPv6 and UDP. */
const MAX_SEGMENT_BYTES = 1_452;
/** So many messages of a socket go without segments after the system took none. */
const UNSEGMENTED = 1_000;

const MSG_DONTWAIT = 0x40;
const NO_TIMEOUT = 0n;
const TWO_TO_32 = 2 ** 32;
const NONE = -1;

const headerAt = (i: number): number => i * HEADER_BYTES;
const vectorAt = (i: number): number => SLOTS * HEADER_BYTES + i * VECTOR_BYTES;
const nameAt = (i: number): number => SLOTS * (HEADER_BYTES + VECTOR_BYTES) + i * NAME_BYTES;
const controlAt = (i: number): number => SLOTS * (HEADER_BYTES + VECTOR_BYTES + NAME_BYTES) + i * CONTROL_BYTES;

/** Headers, vectors, names and control messages of calls, each at its place. */
class Messages {
  readonly bytes = Buffer.allocUnsafeSlow(controlAt(SLOTS)).fill(0);
  readonly words = new Uint32Array(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length >> 2);
  readonly #base: number;

  constructor(system: SystemCalls) {
    this.#base = Number(system.addressOf(this.bytes));
  }

  /** Where the header is, as calls take it. */
  address(header: number): bigint {
    return BigInt(this.#base + headerAt(header));
  }

  /** Has a header name the name of a slot, and some vectors. */
  describe(header: number, slot: number, nameBytes: number, firstVector: number, vectors: number): void {
    const at = headerAt(header);
    this.#point(at, this.#base + nameAt(slot));
    this.words[(at + NAME_LENGTH_AT) >> 2] = nameBytes;
    this.#point(at + VECTOR_AT, this.#base + vectorAt(firstVector));
    this.words[(at + VECTOR_COUNT_AT) >> 2] = vectors;
  }

  setVector(vector: number, address: number, length: number): void {
    this.#point(vectorAt(vector), address);
    this.words[(vectorAt(vector) + VECTOR_LENGTH_AT) >> 2] = length;
  }

  /** Has what a header names cut into datagrams of so many bytes; 0: not at all. */
  setSegments(header: number, bytes: number): void {
    const at = headerAt(header);
    const { words } = this;
    words[(at + CONTROL_LENGTH_AT) >> 2] = bytes === 0 ? 0 : CONTROL_BYTES;
    if (bytes === 0) {
      this.#point(at + CONTROL_AT, 0);
      return;
    }
    const control = controlAt(header);
    this.#point(at + CONTROL_AT, this.#base + control);
    words[control >> 2] = CONTROL_LENGTH;
    words[(control + CONTROL_LEVEL_AT) >> 2] = SOL_UDP;
    words[(control + CONTROL_TYPE_AT) >> 2] = UDP_SEGMENT;
    words[(control + CONTROL_VALUE_AT) >> 2] = bytes;
  }

  /** An address of a process has 47 bits, which a number holds exactly. */
  #point(offset: number, address: number): void {
    this.words[offset >> 2] = address % TWO_TO_32;
    this.words[(offset >> 2) + 1] = Math.floor(address / TWO_TO_32);
  }
}

/** A socket whose datagrams are sent together. */
export class BatchedSender {
  readonly fd: number;
  readonly runtime: RuntimeUdpSocket;
  /** The first and the last datagram that is queued; kept by the batches. */
  first = NONE;
  last = NONE;
  /** Datagrams may wait in the queue of the runtime's socket: what is sent must not overtake them. */
  mayWait = false;
  /** So many messages more are sent datagram by datagram. */
  unsegmented = 0;

  constructor(fd: number, runtime: RuntimeUdpSocket) {
    this.fd = fd;
    this.runtime = runtime;
  }
}

/** As `OnArrived`, without an answer. */
export type OnReceived = (memory: Buffer, start: number, end: number, address: string, port: number) => void;

/**
 * Receives into a ring of slots, and sends from it: what was received is sent on where it lies. A slot is received into again only after
 * everything that is queued has been sent.
 */
export class DatagramBatches {
  readonly #system: SystemCalls;
  readonly #incoming: Messages;
  readonly #outgoing: Messages;
  /** The slots, and behind them what was copied. */
  readonly memory = Buffer.allocUnsafeSlow(PACKED_AT + PACKED_BYTES);
  readonly #memoryAt: number;
  readonly #senders: BatchedSender[] = [];
  readonly #next = new Int32Array(SLOTS);
  readonly #starts = new Uint32Array(SLOTS);
  readonly #lengths = new Uint32Array(SLOTS);
  readonly #nameBytes = new Uint8Array(SLOTS);
  readonly #ports = new Uint16Array(SLOTS);
  readonly #texts = Array.from({ length: SLOTS }, () => '');
  /** Of each message of a call: its first datagram, and how many it has. */
  readonly #heads = new Uint8Array(SLOTS);
  readonly #counts = new Uint8Array(SLOTS);
  readonly #ipv4Texts = new Map<number, string>();
  readonly #ipv6Texts = new Map<string, string>();
  readonly #addressBytes = new Map<string, Uint8Array>();
  #count = 0;
  #packedBytes = 0;
  #nextSlot = 0;
  #taken = 0;
  #denied = 0;
  /** How many bytes the last `receive` brought. */
  receivedBytes = 0;
  /** Called once the system is taken to deny the call. */
  onDenied: () => void = () => undefined;

  constructor(system: SystemCalls) {
    this.#system = system;
    this.#incoming = new Messages(system);
    this.#outgoing = new Messages(system);
    this.#memoryAt = Number(system.addressOf(this.memory));
    for (let i = 0; i < SLOTS; i++) {
      this.#incoming.setVector(i, this.#memoryAt + i * SLOT_BYTES + HEADROOM_BYTES, MAX_DATAGRAM_BYTES);
      this.#incoming.describe(i, i, NAME_BYTES, i, 1);
    }
  }

  /**
   * Reads what waits, at most BATCH datagrams.
   *
   * @param isOpen asked before each is handed on: its receiver may have closed the socket
   * @returns how many there were; less than none where the system has refused
   */
  receive(fd: number, onReceived: OnReceived, isOpen: () => boolean): number {
    if (this.#nextSlot + BATCH > SLOTS) {
      this.flush();
      this.#nextSlot = 0;
    }
    const first = this.#nextSlot;
    const { words, bytes } = this.#incoming;
    const { memory } = this;
    const count = this.#system.recvmmsg(fd, this.#incoming.address(first), BATCH, MSG_DONTWAIT, NO_TIMEOUT);
    if (count <= 0) return count;
    this.#nextSlot = first + count;
    this.receivedBytes = 0;
    for (let i = first; i < first + count; i++) {
      // The system has written how long each name is.
      words[(headerAt(i) + NAME_LENGTH_AT) >> 2] = NAME_BYTES;
      const start = i * SLOT_BYTES + HEADROOM_BYTES;
      const length = words[(headerAt(i) + LENGTH_AT) >> 2]!;
      const end = start + length;
      this.receivedBytes += length;
      const name = nameAt(i);
      const port = (bytes[name + PORT_AT]! << 8) | bytes[name + PORT_AT + 1]!;
      if (isOpen()) onReceived(memory, start, end, this.#textAt(name), port);
    }
    return count;
  }

  /**
   * Copies a datagram, to be sent by `flush`.
   *
   * @returns whether it can be sent so: an address with a zone cannot, nor what would overtake what waits
   */
  queue(sender: BatchedSender, head: Uint8Array, rest: readonly Uint8Array[], port: number, address: string): boolean {
    let { length } = head;
    for (const part of rest) length += part.length;
    // The system would not take it.
    if (length > MAX_DATAGRAM_BYTES) return true;
    if (this.#packedBytes + length > PACKED_BYTES) this.flush();
    const start = PACKED_AT + this.#packedBytes;
    if (!this.forward(sender, start, start + length, port, address)) return false;
    // `forward` may have sent what was queued, and has then begun anew with this one.
    let at = start;
    this.memory.set(head, at);
    at += head.length;
    for (const part of rest) {
      this.memory.set(part, at);
      at += part.length;
    }
    this.#packedBytes = at - PACKED_AT;
    return true;
  }

  /** Likewise, for a part of `memory`, which stays as it is until `flush`. */
  forward(sender: BatchedSender, start: number, end: number, port: number, address: string): boolean {
    if (this.isDenied) return false;
    if (sender.mayWait && (sender.mayWait = sender.runtime.isWaiting())) return false;
    const ip = this.#bytesOf(address);
    if (ip === undefined) return false;
    if (this.#count === SLOTS) this.flush();
    const i = this.#count++;
    this.#starts[i] = start;
    this.#lengths[i] = end - start;
    this.#ports[i] = port;
    this.#texts[i] = address;
    this.#nameBytes[i] = this.#writeName(nameAt(i), ip, port);
    this.#next[i] = NONE;
    if (sender.first === NONE) {
      sender.first = i;
      this.#senders.push(sender);
    } else this.#next[sender.last] = i;
    sender.last = i;
    return true;
  }

  /** Whether the system denies the call, as filters of system calls do. */
  get isDenied(): boolean {
    return this.#denied >= MAX_DENIED;
  }

  /** Sends what is queued; what the system does not take at once waits in the queue of the runtime's socket. */
  flush(): void {
    if (this.#count === 0) return;
    const senders = this.#senders;
    for (const sender of senders) this.#sendAllOf(sender);
    senders.length = 0;
    this.#count = 0;
    this.#packedBytes = 0;
  }

  #sendAllOf(sender: BatchedSender): void {
    const { first, fd } = sender;
    sender.first = NONE;
    let messages = 0;
    let vectors = 0;
    for (let head = first; head !== NONE; messages++) {
      const next = this.#gather(sender, head, messages, vectors);
      vectors += this.#counts[messages]!;
      head = next;
    }
    for (let sent = 0; sent < messages;) {
      // With something waiting, the call would send the rest ahead of it.
      const count = sender.mayWait
        ? 0
        : this.#system.sendmmsg(fd, this.#outgoing.address(sent), messages - sent, MSG_DONTWAIT);
      if (count > 0) {
        this.#taken++;
        this.#denied = 0;
        sent += count;
      } else this.#handOver(sender, sent++);
    }
  }

  /** Makes a message of a datagram and those behind it that the system can cut it into. @returns the first that is not part of it */
  #gather(sender: BatchedSender, head: number, message: number, firstVector: number): number {
    const size = this.#lengths[head]!;
    const name = nameAt(head);
    let count = 0;
    let total = 0;
    let i = head;
    let maySegment = size > 0 && size <= MAX_SEGMENT_BYTES;
    if (sender.unsegmented > 0) {
      sender.unsegmented--;
      maySegment = false;
    }
    do {
      const length = this.#lengths[i]!;
      this.#outgoing.setVector(firstVector + count, this.#memoryAt + this.#starts[i]!, length);
      count++;
      total += length;
      i = this.#next[i]!;
      // Only the last one may be shorter.
      maySegment &&= length === size && count < MAX_SEGMENTS && total + size <= MAX_SEGMENTED_BYTES;
    } while (
      maySegment &&
      i !== NONE &&
      this.#lengths[i]! <= size &&
      this.#lengths[i]! > 0 &&
      this.#isSameName(name, nameAt(i), this.#nameBytes[head]!)
    );
    this.#outgoing.describe(message, head, this.#nameBytes[head]!, firstVector, count);
    this.#outgoing.setSegments(message, count === 1 ? 0 : size);
    this.#heads[message] = head;
    this.#counts[message] = count;
    return i;
  }

  /** The port and the address of two names; behind them both are zero, or not looked at. */
  #isSameName(one: number, other: number, bytes: number): boolean {
    const { words } = this.#outgoing;
    for (let at = 0; at < bytes; at += 4) if (words[(one + at) >> 2] !== words[(other + at) >> 2]) return false;
    return true;
  }

  /** Gives a message that the system did not take to the runtime's socket, which has it wait if need be. */
  #handOver(sender: BatchedSender, message: number): void {
    const count = this.#counts[message]!;
    let i = this.#heads[message]!;
    for (let left = count; left > 0; left--, i = this.#next[i]!) this.#handOverOne(sender, i);
    // It was not for want of room: then segments are what it does not take, on this path.
    if (count > 1 && !sender.mayWait) sender.unsegmented = UNSEGMENTED;
  }

  #handOverOne(sender: BatchedSender, i: number): void {
    const { runtime } = sender;
    const start = this.#starts[i]!;
    const bytes = Buffer.from(this.memory.subarray(start, start + this.#lengths[i]!));
    const [port, address] = [this.#ports[i]!, this.#texts[i]!];
    if (sender.mayWait) return runtime.send(bytes, port, address);
    const taken = this.#taken;
    let isAtOnce = false;
    runtime.sendHeard(bytes, port, address, (error) => {
      // Neither the network nor the address was at fault, and no call has worked since.
      const isDenial = isAtOnce && error === null && this.#taken === taken;
      if (isDenial && ++this.#denied === MAX_DENIED) this.onDenied();
    });
    sender.mayWait = runtime.isWaiting();
    isAtOnce = !sender.mayWait;
  }

  #writeName(name: number, ip: Uint8Array, port: number): number {
    const { bytes, words } = this.#outgoing;
    bytes[name + PORT_AT] = port >> 8;
    bytes[name + PORT_AT + 1] = port & 0xff;
    if (ip.length === 4) {
      bytes[name] = AF_INET;
      for (let i = 0; i < 4; i++) bytes[name + IPV4_AT + i] = ip[i]!;
      // A name of IPv6 may have been here.
      words[(name + IPV6_AT) >> 2] = 0;
      words[(name + IPV6_AT + 4) >> 2] = 0;
      return IPV4_NAME_BYTES;
    }
    bytes[name] = AF_INET6;
    words[(name + FLOW_AT) >> 2] = 0;
    bytes.set(ip, name + IPV6_AT);
    words[(name + IPV6_SCOPE_AT) >> 2] = 0;
    return IPV6_NAME_BYTES;
  }

  /** The address in a name, spelt as the runtime's own sockets spell it. */
  #textAt(name: number): string {
    const { bytes, words } = this.#incoming;
    if (bytes[name] === AF_INET) {
      const ip = words[(name + IPV4_AT) >> 2]! | 0;
      return this.#ipv4Texts.get(ip) ?? remember(this.#ipv4Texts, ip, formatIpv4(bytes, name + IPV4_AT));
    }
    const key = bytes.toString('latin1', name + IPV6_AT, name + IPV6_NAME_BYTES);
    return this.#ipv6Texts.get(key) ?? remember(this.#ipv6Texts, key, this.#ipv6TextAt(name));
  }

  #ipv6TextAt(name: number): string {
    const { bytes, words } = this.#incoming;
    const scope = words[(name + IPV6_SCOPE_AT) >> 2]!;
    const zone = isLinkLocal(bytes, name + IPV6_AT) && scope > 0 ? `%${interfaceOf(scope)}` : '';
    return formatIpv6(bytes, name + IPV6_AT) + zone;
  }

  #bytesOf(address: string): Uint8Array | undefined {
    const known = this.#addressBytes.get(address);
    if (known !== undefined) return known;
    const bytes = address.includes('%') ? undefined : parseIpAddress(address);
    return bytes && remember(this.#addressBytes, address, bytes);
  }
}

function remember<K, V>(values: Map<K, V>, key: K, value: V): V {
  if (values.size === MAX_REMEMBERED) values.clear();
  values.set(key, value);
  return value;
}

/** RFC 4291 section 2.5.6: fe80::/10. */
const isLinkLocal = (bytes: Uint8Array, at: number): boolean => bytes[at] === 0xfe && (bytes[at + 1]! & 0xc0) === 0x80;

function interfaceOf(scope: number): string {
  const found = Object.entries(networkInterfaces()).find(([, addresses]) =>
    addresses?.some((each) => each.family === 'IPv6' && each.scopeid === scope),
  );
  return found?.[0] ?? String(scope);
}
