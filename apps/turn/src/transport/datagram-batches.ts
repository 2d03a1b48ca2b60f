// Many datagrams in one system call: recvmmsg(2) and sendmmsg(2), as Linux has them on machines of 64 bits. All memory is laid out once
// and held for as long as the thread lives; the system reads and writes it only during a call.
import { endianness, networkInterfaces } from 'node:os';
import { formatIpv4, formatIpv6, parseIpAddress } from '@millrace/protocol/stun';
import type { RuntimeUdpSocket } from './dgram-socket.ts';
import { systemCalls } from './system-calls.ts';
import type { SystemCalls } from './system-calls.ts';
import type { OnDatagram } from './udp-socket.ts';

/** The most datagrams of one call. */
export const BATCH = 32;
/** RFC 768: the length has 16 bits, and counts the 8 bytes of its own header. */
const MAX_DATAGRAM_BYTES = 65_527;
/** A slot holds any datagram. Their distance is no power of two: else all would compete for the same lines of the processor's caches. */
const SLOT_BYTES = 66_880;
/** What waits to be sent is packed; what does not fit has the rest sent first. */
const PACKED_BYTES = 4 * SLOT_BYTES;
/** After so many calls in a row that took nothing of what the runtime's sockets then sent, the system is taken to deny the call. */
const MAX_DENIED = 16;
/** How many addresses are remembered in their other form; one more, and all are forgotten. */
const MAX_REMEMBERED = 4_096;

// struct mmsghdr { struct msghdr { name, namelen, iov, iovlen, control, controllen, flags }, len }
const HEADER_BYTES = 64;
const NAME_LENGTH_AT = 8;
const VECTOR_AT = 16;
const VECTOR_COUNT_AT = 24;
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

const MSG_DONTWAIT = 0x40;
const NO_TIMEOUT = 0n;
const TWO_TO_32 = 2 ** 32;

const headerAt = (i: number): number => i * HEADER_BYTES;
const vectorAt = (i: number): number => BATCH * HEADER_BYTES + i * VECTOR_BYTES;
const nameAt = (i: number): number => BATCH * (HEADER_BYTES + VECTOR_BYTES) + i * NAME_BYTES;

/** Headers, vectors and names of one call, each at its place. */
class Messages {
  readonly bytes = Buffer.allocUnsafeSlow(nameAt(BATCH)).fill(0);
  readonly words = new Uint32Array(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length >> 2);
  readonly address: bigint;
  readonly #base: number;

  constructor(system: SystemCalls) {
    this.address = system.addressOf(this.bytes);
    this.#base = Number(this.address);
    for (let i = 0; i < BATCH; i++) {
      this.words[(headerAt(i) + VECTOR_COUNT_AT) >> 2] = 1;
      this.describe(i, i, NAME_BYTES);
    }
  }

  /** Has a header name the vector and the name of a slot. */
  describe(header: number, slot: number, nameBytes: number): void {
    this.#point(headerAt(header), this.#base + nameAt(slot));
    this.words[(headerAt(header) + NAME_LENGTH_AT) >> 2] = nameBytes;
    this.#point(headerAt(header) + VECTOR_AT, this.#base + vectorAt(slot));
  }

  setVector(slot: number, address: number, length: number): void {
    this.#point(vectorAt(slot), address);
    this.words[(vectorAt(slot) + VECTOR_LENGTH_AT) >> 2] = length;
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
  /** Kept by the batches. */
  queued = 0;
  /** Datagrams may wait in the queue of the runtime's socket: what is sent must not overtake them. */
  mayWait = false;

  constructor(fd: number, runtime: RuntimeUdpSocket) {
    this.fd = fd;
    this.runtime = runtime;
  }
}

export class DatagramBatches {
  readonly #system: SystemCalls;
  readonly #incoming: Messages;
  readonly #slots = Buffer.allocUnsafeSlow(BATCH * SLOT_BYTES);
  readonly #outgoing: Messages;
  readonly #packed = Buffer.allocUnsafeSlow(PACKED_BYTES);
  readonly #packedAt: number;
  readonly #senders: (BatchedSender | undefined)[] = Array.from({ length: BATCH }, () => undefined);
  readonly #nameBytes = new Uint8Array(BATCH);
  readonly #ends = new Uint32Array(BATCH);
  readonly #ports = new Uint16Array(BATCH);
  readonly #texts = Array.from({ length: BATCH }, () => '');
  /** Which slots are sent together, in their order. */
  readonly #together = new Uint8Array(BATCH);
  #taken = 0;
  #denied = 0;
  /** Whether a socket uses them. */
  isUsed = false;
  /** Called once the system is taken to deny the call. */
  onDenied: () => void = () => undefined;
  readonly #ipv4Texts = new Map<number, string>();
  readonly #ipv6Texts = new Map<string, string>();
  readonly #addressBytes = new Map<string, Uint8Array>();
  #count = 0;
  #packedBytes = 0;
  #isReceiving = false;
  #isFlushDue = false;
  #turn = 0;

  constructor(system: SystemCalls) {
    this.#system = system;
    this.#incoming = new Messages(system);
    this.#outgoing = new Messages(system);
    this.#packedAt = Number(system.addressOf(this.#packed));
    const slotsAt = Number(system.addressOf(this.#slots));
    for (let i = 0; i < BATCH; i++) this.#incoming.setVector(i, slotsAt + i * SLOT_BYTES, MAX_DATAGRAM_BYTES);
  }

  /** Which turn of the event loop this is, for those who ask in each. */
  get turn(): number {
    this.#flushAtEndOfTurn();
    return this.#turn;
  }

  /** Reads what waits, at most BATCH datagrams. @returns how many there were */
  receive(fd: number, onDatagram: OnDatagram): number {
    // What is called with a datagram does not read others: they would overwrite those behind it.
    if (this.#isReceiving) return 0;
    this.#isReceiving = true;
    const { words, bytes, address } = this.#incoming;
    try {
      const count = this.#system.recvmmsg(fd, address, BATCH, MSG_DONTWAIT, NO_TIMEOUT);
      // The system has written how long each name is.
      for (let i = 0; i < count; i++) words[(headerAt(i) + NAME_LENGTH_AT) >> 2] = NAME_BYTES;
      for (let i = 0; i < count; i++) {
        const start = i * SLOT_BYTES;
        const length = words[(headerAt(i) + LENGTH_AT) >> 2]!;
        const datagram = Buffer.allocUnsafe(length);
        this.#slots.copy(datagram, 0, start, start + length);
        const name = nameAt(i);
        onDatagram(datagram, this.#textAt(name), (bytes[name + PORT_AT]! << 8) | bytes[name + PORT_AT + 1]!);
      }
      return Math.max(count, 0);
    } finally {
      this.#isReceiving = false;
    }
  }

  /**
   * Copies a datagram, to be sent at the end of this turn of the event loop at the latest.
   *
   * @returns whether it can be sent so: an address with a zone cannot, nor what would overtake what waits
   */
  queue(sender: BatchedSender, head: Uint8Array, rest: readonly Uint8Array[], port: number, address: string): boolean {
    if (this.isDenied) return false;
    if (sender.mayWait && (sender.mayWait = sender.runtime.isWaiting())) return false;
    const ip = this.#bytesOf(address);
    if (ip === undefined) return false;
    let { length } = head;
    for (const part of rest) length += part.length;
    // The system would not take it.
    if (length > MAX_DATAGRAM_BYTES) return true;
    if (this.#count === BATCH || this.#packedBytes + length > PACKED_BYTES) this.flush();
    this.#flushAtEndOfTurn();
    const i = this.#count++;
    let at = this.#packedBytes;
    this.#outgoing.setVector(i, this.#packedAt + at, length);
    this.#packed.set(head, at);
    at += head.length;
    for (const part of rest) {
      this.#packed.set(part, at);
      at += part.length;
    }
    this.#packedBytes = at;
    this.#ends[i] = at;
    this.#ports[i] = port;
    this.#texts[i] = address;
    this.#nameBytes[i] = this.#writeName(nameAt(i), ip, port);
    this.#senders[i] = sender;
    sender.queued++;
    return true;
  }

  /** Whether the system denies the call, as filters of system calls do. */
  get isDenied(): boolean {
    return this.#denied >= MAX_DENIED;
  }

  /** Sends what is queued; what the system does not take at once waits in the queue of the runtime's socket. */
  flush(): void {
    const count = this.#count;
    this.#count = 0;
    this.#packedBytes = 0;
    for (let i = 0; i < count; i++) {
      const sender = this.#senders[i];
      if (sender !== undefined) this.#sendAllOf(sender, i);
    }
  }

  #sendAllOf(sender: BatchedSender, first: number): void {
    const { queued, fd } = sender;
    sender.queued = 0;
    for (let i = first, together = 0; together < queued; i++) {
      if (this.#senders[i] !== sender) continue;
      this.#senders[i] = undefined;
      this.#together[together] = i;
      this.#outgoing.describe(together++, i, this.#nameBytes[i]!);
    }
    const { address } = this.#outgoing;
    for (let sent = 0; sent < queued;) {
      const from = sent === 0 ? address : address + BigInt(headerAt(sent));
      // With something waiting, the call would send the rest ahead of it.
      const count = sender.mayWait ? 0 : this.#system.sendmmsg(fd, from, queued - sent, MSG_DONTWAIT);
      if (count > 0) {
        this.#taken++;
        this.#denied = 0;
        sent += count;
      } else this.#handOver(sender, this.#together[sent++]!);
    }
  }

  /** Gives a datagram that the system did not take to the runtime's socket, which has it wait if need be. */
  #handOver(sender: BatchedSender, slot: number): void {
    const { runtime } = sender;
    const bytes = Buffer.from(this.#packed.subarray(slot === 0 ? 0 : this.#ends[slot - 1], this.#ends[slot]));
    const [port, address] = [this.#ports[slot]!, this.#texts[slot]!];
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

  #flushAtEndOfTurn(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    setImmediate(this.#endTurn);
  }

  readonly #endTurn = (): void => {
    this.#isFlushDue = false;
    this.#turn++;
    this.flush();
  };

  #writeName(name: number, ip: Uint8Array, port: number): number {
    const { bytes, words } = this.#outgoing;
    bytes[name + PORT_AT] = port >> 8;
    bytes[name + PORT_AT + 1] = port & 0xff;
    if (ip.length === 4) {
      bytes[name] = AF_INET;
      for (let i = 0; i < 4; i++) bytes[name + IPV4_AT + i] = ip[i]!;
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
    if (bytes[name] === AF_INET)
      return remembered(this.#ipv4Texts, words[(name + IPV4_AT) >> 2]!, () => formatIpv4(bytes, name + IPV4_AT));
    const key = bytes.toString('latin1', name + IPV6_AT, name + IPV6_NAME_BYTES);
    return remembered(this.#ipv6Texts, key, () => {
      const scope = words[(name + IPV6_SCOPE_AT) >> 2]!;
      const zone = isLinkLocal(bytes, name + IPV6_AT) && scope > 0 ? `%${interfaceOf(scope)}` : '';
      return formatIpv6(bytes, name + IPV6_AT) + zone;
    });
  }

  #bytesOf(address: string): Uint8Array | undefined {
    const known = this.#addressBytes.get(address);
    if (known !== undefined) return known;
    const bytes = address.includes('%') ? undefined : parseIpAddress(address);
    return bytes && remembered(this.#addressBytes, address, () => bytes);
  }
}

function remembered<K, V>(values: Map<K, V>, key: K, make: () => V): V {
  const known = values.get(key);
  if (known !== undefined) return known;
  if (values.size === MAX_REMEMBERED) values.clear();
  const made = make();
  values.set(key, made);
  return made;
}

/** RFC 4291 section 2.5.6: fe80::/10. */
const isLinkLocal = (bytes: Uint8Array, at: number): boolean => bytes[at] === 0xfe && (bytes[at + 1]! & 0xc0) === 0x80;

function interfaceOf(scope: number): string {
  const found = Object.entries(networkInterfaces()).find(([, addresses]) =>
    addresses?.some((each) => each.family === 'IPv6' && each.scopeid === scope),
  );
  return found?.[0] ?? String(scope);
}

let batches: DatagramBatches | undefined;

/** Those of this thread. @returns undefined where the system or the runtime has no such calls */
export function datagramBatches(): DatagramBatches | undefined {
  if (batches !== undefined) return batches;
  const is64LittleEndian = ['x64', 'arm64'].includes(process.arch) && endianness() === 'LE';
  const system = is64LittleEndian ? systemCalls() : undefined;
  if (system !== undefined) batches = new DatagramBatches(system);
  return batches;
}
