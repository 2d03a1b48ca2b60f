// ETSI TR 101 290 sections 5.2.1 and 5.2.2 (first and second priority), and what RFC 8216 section 3.2 adds for HLS segments.
import type { PacketFacts, PesFacts } from './packet-facts.ts';
import { PACKET, packetFacts, pesFacts, sectionCrc } from './packet-facts.ts';

export type TsRule =
  | '1.1 sync-loss'
  | '1.2 sync-byte'
  | '1.3 pat'
  | '1.4 continuity'
  | '1.5 pmt'
  | '1.6 pid'
  | '2.1 transport'
  | '2.2 crc'
  | '2.3 pcr-repetition'
  | '2.4 pcr-discontinuity'
  | '2.5 pts'
  | 'adaptation-field'
  | 'pes'
  | 'timestamps'
  | 'segment-start';

export interface TsViolation {
  readonly rule: TsRule;
  /** Index of the packet at which it showed. */
  readonly packet: number;
  readonly detail: string;
}

export interface TsCheckOptions {
  /** TR 101 290 allows 100 ms and mentions 40 ms. */
  readonly maxPcrIntervalMs?: number;
  readonly maxTablesIntervalMs?: number;
  readonly maxPtsIntervalMs?: number;
}

interface StreamState {
  readonly streamType: number;
  pes: { readonly facts: PesFacts; readonly packet: number; bytes: number } | undefined;
  lastDts: number | undefined;
  /** Clock time of the last PES header, ms. */
  lastPtsMs: number | undefined;
  packets: number;
}

interface TableState {
  lastMs: number | undefined;
  overdue: boolean;
}

const MODULUS = 2 ** 33;
const [H264, H265] = [0x1b, 0x24];
/** PIDs below are for tables that need not be in a PMT (DVB service information); the last one is for null packets. */
const FIRST_FREE_PID = 0x20;
const NULL_PID = 0x1fff;
const ticksToMs = (ticks: number): number => ticks / 90;
/** b - a on a circle of 2^33. */
const distance = (a: number, b: number): number =>
  ((((b - a) % MODULUS) + MODULUS + MODULUS / 2) % MODULUS) - MODULUS / 2;

class Checker {
  readonly violations: TsViolation[] = [];
  readonly #options: Required<TsCheckOptions>;
  readonly #counters = new Map<number, number>();
  readonly #streams = new Map<number, StreamState>();
  #pmtPid: number | undefined;
  #pcrPid: number | undefined;
  #lastPcr: number | undefined;
  /** Time since the start by the PCRs seen, ms; does not jump at announced discontinuities. */
  #clockMs = 0;
  #patState: TableState = { lastMs: undefined, overdue: false };
  #pmtState: TableState = { lastMs: undefined, overdue: false };

  constructor(options: TsCheckOptions) {
    this.#options = { maxPcrIntervalMs: 100, maxTablesIntervalMs: 500, maxPtsIntervalMs: 700, ...options };
  }

  #report(rule: TsRule, packet: number, detail: string): void {
    this.violations.push({ rule, packet, detail });
  }

  packet(facts: PacketFacts): void {
    if (facts.transportError) this.#report('2.1 transport', facts.index, 'transport_error_indicator');
    if (!facts.fieldSound) this.#report('adaptation-field', facts.index, `length ${facts.fieldLength ?? 'none'}`);
    this.#continuity(facts);
    if (facts.pcr !== undefined) this.#pcr(facts, Number(facts.pcr / 300n));
    if (facts.pid === 0) this.#pat(facts);
    else if (facts.pid === this.#pmtPid) this.#pmt(facts);
    else if (facts.hasPayload) this.#elementary(facts);
  }

  #continuity(facts: PacketFacts): void {
    const last = this.#counters.get(facts.pid);
    this.#counters.set(facts.pid, facts.counter);
    if (last === undefined) return;
    const expected = facts.hasPayload ? (last + 1) % 16 : last;
    if (facts.counter !== expected) {
      this.#report('1.4 continuity', facts.index, `PID ${facts.pid}: ${facts.counter}, expected ${expected}`);
    }
  }

  #pcr(facts: PacketFacts, base: number): void {
    if (facts.pid !== this.#pcrPid) this.#report('2.4 pcr-discontinuity', facts.index, `PCR on PID ${facts.pid}`);
    if (this.#lastPcr !== undefined && !facts.discontinuity) {
      const passed = ticksToMs(distance(this.#lastPcr, base));
      if (passed < 0) this.#report('2.4 pcr-discontinuity', facts.index, `back by ${-passed} ms`);
      if (passed > this.#options.maxPcrIntervalMs) this.#report('2.3 pcr-repetition', facts.index, `${passed} ms`);
      this.#clockMs += Math.max(0, passed);
      this.#overdue(this.#patState, '1.3 pat', facts.index);
      this.#overdue(this.#pmtState, '1.5 pmt', facts.index);
    }
    if (facts.discontinuity) for (const stream of this.#streams.values()) stream.lastDts = undefined;
    this.#lastPcr = base;
  }

  /** A section in one packet; undefined when it is not sound. */
  #section(facts: PacketFacts, tableId: number, rule: '1.3 pat' | '1.5 pmt'): Uint8Array | undefined {
    const from = 1 + (facts.payload[0] ?? 0);
    const length = ((facts.payload[from + 1]! & 0x0f) << 8) | facts.payload[from + 2]!;
    const section = facts.payload.subarray(from, from + 3 + length);
    if (facts.scrambled || !facts.unitStart || section[0] !== tableId || section.length !== 3 + length) {
      this.#report(rule, facts.index, 'not a whole section of the right table');
      return undefined;
    }
    if (sectionCrc(section) !== 0) {
      this.#report('2.2 crc', facts.index, `table ${tableId}`);
      return undefined;
    }
    return section;
  }

  /** Reports once when a table is overdue. */
  #overdue(table: TableState, rule: '1.3 pat' | '1.5 pmt', packet: number): void {
    if (table.lastMs === undefined || table.overdue) return;
    if (this.#clockMs - table.lastMs <= this.#options.maxTablesIntervalMs) return;
    table.overdue = true;
    this.#report(rule, packet, `none for ${this.#clockMs - table.lastMs} ms`);
  }

  #pat(facts: PacketFacts): void {
    const section = this.#section(facts, 0, '1.3 pat');
    if (section === undefined) return;
    this.#patState = { lastMs: this.#clockMs, overdue: false };
    this.#pmtPid = ((section[10]! & 0x1f) << 8) | section[11]!;
  }

  #pmt(facts: PacketFacts): void {
    const section = this.#section(facts, 2, '1.5 pmt');
    if (section === undefined) return;
    this.#pmtState = { lastMs: this.#clockMs, overdue: false };
    this.#pcrPid = ((section[8]! & 0x1f) << 8) | section[9]!;
    const infoLength = ((section[10]! & 0x0f) << 8) | section[11]!;
    for (let at = 12 + infoLength; at < section.length - 4;) {
      const streamType = section[at]!;
      const pid = ((section[at + 1]! & 0x1f) << 8) | section[at + 2]!;
      if (this.#streams.get(pid)?.streamType !== streamType) this.#streams.set(pid, newStream(streamType));
      at += 5 + (((section[at + 3]! & 0x0f) << 8) | section[at + 4]!);
    }
  }

  #elementary(facts: PacketFacts): void {
    const stream = this.#streams.get(facts.pid);
    if (stream === undefined) {
      if (facts.pid < FIRST_FREE_PID || facts.pid === NULL_PID) return;
      this.#report('1.6 pid', facts.index, `PID ${facts.pid} is in no PMT`);
      return;
    }
    stream.packets++;
    if (facts.unitStart) this.#startPes(facts, stream);
    else if (stream.pes === undefined) this.#report('pes', facts.index, 'data before the first PES header');
    else stream.pes.bytes += facts.payload.length;
  }

  #startPes(facts: PacketFacts, stream: StreamState): void {
    this.#endPes(stream);
    const pes = pesFacts(facts.payload);
    if (!pes.sound || pes.pts === undefined || pes.dts === undefined) {
      this.#report('pes', facts.index, 'header is not sound or has no PTS');
      return;
    }
    stream.pes = { facts: pes, packet: facts.index, bytes: facts.payload.length };
    const isVideo = stream.streamType === H264 || stream.streamType === H265;
    if (pes.packetLength === 0 && !isVideo) this.#report('pes', facts.index, 'length 0 in audio');
    if (distance(pes.dts, pes.pts) < 0) this.#report('timestamps', facts.index, `PTS ${pes.pts} before DTS ${pes.dts}`);
    if (stream.lastDts !== undefined && distance(stream.lastDts, pes.dts) < 0) {
      this.#report('timestamps', facts.index, `DTS ${pes.dts} after ${stream.lastDts}`);
    }
    if (this.#lastPcr !== undefined && distance(this.#lastPcr, pes.dts) < 0) {
      this.#report('timestamps', facts.index, `DTS ${pes.dts} before PCR ${this.#lastPcr}`);
    }
    if (stream.lastPtsMs !== undefined && this.#clockMs - stream.lastPtsMs > this.#options.maxPtsIntervalMs) {
      this.#report('2.5 pts', facts.index, `${this.#clockMs - stream.lastPtsMs} ms since the last one`);
    }
    stream.lastDts = pes.dts;
    stream.lastPtsMs = this.#clockMs;
  }

  #endPes(stream: StreamState): void {
    const { pes } = stream;
    stream.pes = undefined;
    if (pes === undefined || pes.facts.packetLength === 0) return;
    if (pes.bytes !== pes.facts.packetLength + 6) {
      this.#report('pes', pes.packet, `PES_packet_length ${pes.facts.packetLength}, has ${pes.bytes - 6}`);
    }
  }

  end(packets: number): void {
    for (const [pid, stream] of this.#streams) {
      this.#endPes(stream);
      if (stream.packets === 0) this.#report('1.6 pid', packets, `PID ${pid} is in the PMT and has no packets`);
    }
    if (this.#pmtPid === undefined) this.#report('1.3 pat', packets, 'none');
    if (this.#pcrPid === undefined) this.#report('1.5 pmt', packets, 'none');
  }
}

const newStream = (streamType: number): StreamState => ({
  streamType,
  pes: undefined,
  lastDts: undefined,
  lastPtsMs: undefined,
  packets: 0,
});

/**
 * Checks a transport stream of one program: a segment, or segments one behind the other. Independent of the muxer.
 * @returns every violation, in the order of the stream; an empty list means that the stream conforms
 */
export function checkTransportStream(stream: Uint8Array, options: TsCheckOptions = {}): TsViolation[] {
  const checker = new Checker(options);
  const packets = Math.floor(stream.length / PACKET);
  if (stream.length % PACKET !== 0) {
    checker.violations.push({
      rule: '1.1 sync-loss',
      packet: packets,
      detail: `${stream.length % PACKET} bytes left over`,
    });
  }
  for (let index = 0; index < packets; index++) {
    if (stream[index * PACKET] === 0x47) checker.packet(packetFacts(stream, index));
    else checker.violations.push({ rule: '1.2 sync-byte', packet: index, detail: `byte ${stream[index * PACKET]}` });
  }
  checker.end(packets);
  return checker.violations;
}

/**
 * Checks one HLS segment: everything `checkTransportStream` does, that it starts with PAT and PMT (RFC 8216 section 3.2), and
 * that its first picture is announced as a random access point.
 */
export function checkSegment(segment: Uint8Array, options: TsCheckOptions = {}): TsViolation[] {
  const violations = checkTransportStream(segment, options);
  if (segment.length < 2 * PACKET) {
    return [...violations, { rule: 'segment-start', packet: 0, detail: 'shorter than PAT and PMT' }];
  }
  const pat = packetFacts(segment, 0);
  const pmt = packetFacts(segment, 1);
  if (pat.pid !== 0 || pmt.payload[1] !== 2) {
    violations.push({ rule: 'segment-start', packet: 0, detail: 'does not start with PAT and PMT' });
  }
  for (let index = 2; index < segment.length / PACKET; index++) {
    const facts = packetFacts(segment, index);
    if (!facts.unitStart || (facts.payload[3] ?? 0) < 0xe0) continue;
    if (!facts.randomAccess)
      violations.push({ rule: 'segment-start', packet: index, detail: 'first picture is no entry' });
    break;
  }
  return violations;
}
