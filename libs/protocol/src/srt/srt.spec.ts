// A caller and a listener over a network that loses, repeats and reorders, on a clock that is moved by hand.
import { describe, expect, it } from 'vitest';
import type { SrtHandlers } from './index.ts';
import { deriveKeyEncryptionKey, SrtKeys, SrtListener, SrtRejection, SynCookies } from './index.ts';
import type { SrtConnection, SrtRequest, SrtWindows } from './index.ts';
import { encodeLossReport } from './loss-report.ts';
import { ControlType, destinationOf, encodeControlPacket, sequenceOf, SRT_HEADER_BYTES } from './packet.ts';
import { SrtCaller } from './srt-caller.ts';
import type { SrtCallerOptions } from './srt-caller.ts';
import type { SrtListenerOptions } from './srt-listener.ts';

const PEER = { address: '192.0.2.7', port: 5_000 };
const STEP_US = 1_000;

/** The same numbers each time. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Path {
  readonly loses?: number;
  readonly repeats?: number;
  /** Longest time in addition to the shortest, which lets packets overtake each other. */
  readonly jitterUs?: number;
  readonly passes?: (packet: Buffer) => boolean;
}

class Network {
  nowUs = 5_000_000_000;
  readonly clock = (): number => this.nowUs;
  readonly received: Buffer[] = [];
  readonly sent: Buffer[] = [];
  readonly ends: string[] = [];
  readonly requests: SrtRequest[] = [];
  readonly answers: Buffer[] = [];
  lost = 0;
  refusal: number | undefined;
  callerConnection: SrtConnection | undefined;
  connection: SrtConnection | undefined;
  decide: (request: SrtRequest) => void = (request) => this.accept(request);
  readonly listener: SrtListener;
  caller!: SrtCaller;
  path: Path = {};
  readonly #random = randomFrom(7);
  #underway: { readonly atUs: number; readonly arrive: () => void }[] = [];

  constructor(
    limits: Partial<
      Pick<SrtListenerOptions, 'receivePackets' | 'maxUndecided' | 'maxUndecidedPerNetwork' | 'delayMs'>
    > = {},
  ) {
    this.listener = new SrtListener({
      cookies: new SynCookies(),
      clock: this.clock,
      send: (packet) => {
        this.answers.push(packet);
        this.#carry(packet, (copy) => this.caller.push(copy));
      },
      requested: (request) => {
        this.requests.push(request);
        this.decide(request);
      },
      maxUndecided: 8,
      maxUndecidedPerNetwork: 8,
      networkOf: (address) => address.slice(0, -1),
      delayMs: 120,
      maxDelayMs: 5_000,
      receivePackets: 1_024,
      sendPackets: 1_024,
      idleUs: 5_000_000,
      ...limits,
    });
  }

  accept(request: SrtRequest, keys?: SrtKeys, windows?: SrtWindows): void {
    const handlers: SrtHandlers = {
      data: (payload) => void this.received.push(Buffer.from(payload)),
      lost: (count) => void (this.lost += count),
      ended: (reason) => void this.ends.push(reason),
    };
    this.connection = request.accept(handlers, keys, windows);
  }

  call(options: Partial<SrtCallerOptions> = {}, from = PEER): void {
    this.caller = new SrtCaller({
      peer: PEER,
      send: (packet) => this.#carry(packet, (copy) => this.listener.push(copy, from)),
      clock: this.clock,
      handlers: {
        data: (payload) => void this.sent.push(Buffer.from(payload)),
        lost: () => undefined,
        ended: (reason) => void this.ends.push(`caller: ${reason}`),
      },
      connected: (connection) => void (this.callerConnection = connection),
      refused: (reason) => void (this.refusal = reason),
      streamId: 'publish:key',
      delayMs: 120,
      receivePackets: 1_024,
      sendPackets: 1_024,
      timeoutUs: 3_000_000,
      idleUs: 5_000_000,
      ...options,
    });
  }

  run(ms: number, each?: (step: number) => void): void {
    for (let step = 0; step < ms; step++) {
      this.nowUs += STEP_US;
      const due = this.#underway.filter(({ atUs }) => atUs <= this.nowUs).sort((a, b) => a.atUs - b.atUs);
      this.#underway = this.#underway.filter(({ atUs }) => atUs > this.nowUs);
      for (const { arrive } of due) arrive();
      each?.(step);
      if (step % 10 !== 0) continue;
      this.listener.tick();
      this.caller.tick();
    }
  }

  #carry(packet: Buffer, arrive: (copy: Buffer) => void): void {
    const { loses = 0, repeats = 0, jitterUs = 0, passes } = this.path;
    if (passes?.(packet) === false) return;
    for (let copies = this.#random() < repeats ? 2 : 1; copies > 0; copies--) {
      if (this.#random() < loses) continue;
      const copy = Buffer.from(packet);
      this.#underway.push({ atUs: this.nowUs + 5_000 + this.#random() * jitterUs, arrive: () => arrive(copy) });
    }
  }
}

const message = (index: number): Buffer => Buffer.alloc(1_316, `message ${index} `);
const isData = (packet: Buffer): boolean => (packet[0]! & 0x80) === 0;

describe('SRT', () => {
  it('carries messages both ways, each at its time, until one side ends it', () => {
    const network = new Network();
    network.call();
    network.run(50);
    expect(network.requests).toMatchObject([
      { peer: PEER, streamId: 'publish:key', keyMaterial: undefined, version: '1.5.0' },
    ]);
    expect(network.listener.isIdle).toBe(false);
    const atUs = network.nowUs;
    network.callerConnection!.write(message(0));
    network.connection!.write(message(1));
    network.run(100);
    expect(network.received).toEqual([]);
    network.run(60);
    expect(network.received).toEqual([message(0)]);
    expect(network.sent).toEqual([message(1)]);
    expect(network.nowUs - atUs).toBeLessThan(170_000);
    network.callerConnection!.close();
    network.run(20);
    expect(network.ends).toEqual(['caller: closed', 'shutdown']);
    expect(network.listener.size).toBe(0);
  });

  it.each<[string, Path]>([
    ['loss', { loses: 0.1 }],
    ['reordering', { jitterUs: 20_000 }],
    ['repetition', { repeats: 0.2 }],
    ['all of it', { loses: 0.08, repeats: 0.05, jitterUs: 15_000 }],
  ])('carries every message in order over a path with %s', (_, path) => {
    const network = new Network();
    network.path = path;
    network.call({ delayMs: 400 });
    network.run(1_500);
    network.run(3_000, (step) => void network.callerConnection!.write(message(step)));
    network.run(1_500);
    expect(network.received).toEqual(Array.from({ length: 3_000 }, (_, index) => message(index)));
    expect(network.lost).toBe(0);
    expect(network.connection!.statistics.dropped).toBe(0);
    expect(network.callerConnection!.isDrained).toBe(true);
  });

  it('asks for what is missing at once, so that a latency of little more than three ways is enough', () => {
    const network = new Network({ delayMs: 20 });
    network.call({ delayMs: 20 });
    network.run(50);
    const lost = new Set<number>();
    const isFirst = (packet: Buffer) => {
      const index = [40, 60, 61].find((each) => packet.includes(`message ${each} `));
      return index !== undefined && lost.size < lost.add(index).size;
    };
    network.path = { passes: (packet) => !isData(packet) || !isFirst(packet) };
    network.run(100, (step) => void network.callerConnection!.write(message(step)));
    network.run(100);
    expect(lost).toEqual(new Set([40, 60, 61]));
    expect(network.received).toEqual(Array.from({ length: 100 }, (_, index) => message(index)));
  });

  it('gives up what does not come in time, says how much, and goes on', () => {
    const network = new Network();
    network.call();
    network.run(50);
    const isLost = (packet: Buffer) => [40, 41, 42].some((index) => packet.includes(`message ${index} `));
    network.path = { passes: (packet) => !isData(packet) || !isLost(packet) };
    network.run(100, (step) => void network.callerConnection!.write(message(step)));
    network.run(1_500);
    expect(network.lost).toBe(3);
    expect(network.received).toHaveLength(97);
    expect(network.connection!.statistics).toMatchObject({ dropped: 3, lost: 3 });
  });

  it('repeats the handshake where it is lost, and makes one connection of it', () => {
    const network = new Network();
    network.path = { loses: 0.5 };
    network.call({ timeoutUs: 60_000_000 });
    network.run(10_000);
    expect(network.callerConnection).toBeDefined();
    expect(network.requests).toHaveLength(1);
    expect(network.listener.size).toBe(1);
  });

  it('notices a peer that is silent, and keeps one that has nothing to send', () => {
    const network = new Network();
    network.call();
    network.run(20_000);
    expect(network.ends).toEqual([]);
    network.path = { loses: 1 };
    network.run(6_000);
    expect(network.ends.sort()).toEqual(['caller: timeout', 'timeout']);
  });

  it('blames no peer for the time in which it did not run itself', () => {
    const network = new Network();
    network.call();
    network.run(50);
    network.nowUs += 60_000_000;
    network.listener.tick();
    network.caller.tick();
    network.run(1_000);
    expect(network.ends).toEqual([]);
  });

  it('keeps the time of a peer whose timestamps start again after 71 minutes', () => {
    const network = new Network();
    network.call();
    network.run(50);
    network.nowUs += 2 ** 32 - 100_000;
    // The idle peers would be given up otherwise: both look at the clock first when a packet comes.
    network.callerConnection!.write(message(0));
    network.connection!.write(message(0));
    network.nowUs += 5_000;
    network.run(1_000, (step) => void (step < 300 && network.callerConnection!.write(message(step))));
    expect(network.received.length).toBeGreaterThan(299);
  });

  describe('with a passphrase', () => {
    const PASSPHRASE = 'correct horse battery';
    const open = async (network: Network, passphrase: string): Promise<void> => {
      const [request] = network.requests;
      const { keyMaterial, maxPayloadBytes } = request!;
      const { salt, keyBytes } = keyMaterial!;
      const keys = SrtKeys.open(
        keyMaterial!,
        await deriveKeyEncryptionKey(passphrase, salt, keyBytes),
        maxPayloadBytes,
      );
      if (keys === undefined) request!.reject(SrtRejection.badSecret);
      else network.accept(request!, keys);
    };

    it.each([16, 24, 32] as const)('encrypts both ways with keys of %i bytes', async (keyBytes) => {
      const network = new Network();
      network.decide = () => undefined;
      const clear: Buffer[] = [];
      network.path = { passes: (packet) => (isData(packet) && packet.includes('message') && clear.push(packet), true) };
      network.call({ passphrase: PASSPHRASE, keyBytes });
      network.run(50);
      await open(network, PASSPHRASE);
      network.run(50);
      for (let i = 0; i < 5; i++) network.callerConnection!.write(message(i));
      network.connection!.write(message(9));
      network.run(300);
      expect(network.received).toEqual([0, 1, 2, 3, 4].map(message));
      expect(network.sent).toEqual([message(9)]);
      expect(clear).toEqual([]);
    });

    it('refuses another passphrase', async () => {
      const network = new Network();
      network.decide = () => undefined;
      network.call({ passphrase: PASSPHRASE });
      network.run(50);
      await open(network, 'incorrect horse battery');
      network.run(50);
      expect(network.refusal).toBe(SrtRejection.badSecret);
    });

    it('goes on with a new key when the old one has been used enough, whatever is lost', async () => {
      const network = new Network();
      network.decide = () => undefined;
      network.call({ passphrase: PASSPHRASE, refresh: { packets: 400, announcedBefore: 150 }, delayMs: 300 });
      network.run(50);
      await open(network, PASSPHRASE);
      network.run(50);
      network.path = { loses: 0.05 };
      network.run(2_000, (step) => void network.callerConnection!.write(message(step)));
      network.run(1_000);
      expect(network.received).toEqual(Array.from({ length: 2_000 }, (_, index) => message(index)));
      expect(network.connection!.statistics.undecryptable).toBe(0);
    });

    it('takes nothing in clear into a connection that is encrypted', async () => {
      const network = new Network();
      network.decide = () => undefined;
      network.call({ passphrase: PASSPHRASE });
      network.run(50);
      await open(network, PASSPHRASE);
      network.run(50);
      network.path = {
        passes: (packet) => {
          if (isData(packet)) packet[4] = packet[4]! & ~0x18;
          return true;
        },
      };
      network.callerConnection!.write(message(0));
      network.run(300);
      expect(network.received).toEqual([]);
      expect(network.connection!.statistics.undecryptable).toBe(1);
    });
  });

  it('answers an induction with as much as came and keeps nothing; without the cookie nothing happens', () => {
    const network = new Network();
    const seen: Buffer[] = [];
    network.path = { passes: (packet) => (seen.push(packet), false) };
    network.call();
    network.listener.push(Buffer.from(seen[0]!), PEER);
    expect(network.answers).toHaveLength(1);
    expect(network.answers[0]!.length).toBe(seen[0]!.length);
    expect(network.listener.isIdle).toBe(true);
    const answer = Buffer.from(network.answers[0]!);
    network.caller.push(answer);
    const conclusion = seen.at(-1)!;
    network.listener.push(Buffer.from(conclusion), { ...PEER, address: '192.0.2.8' });
    const forged = Buffer.from(conclusion);
    forged.writeUInt32BE((forged.readUInt32BE(44) ^ 1) >>> 0, 44);
    network.listener.push(forged, PEER);
    expect(network.requests).toEqual([]);
    network.nowUs += 3 * 60_000_000;
    network.listener.push(Buffer.from(conclusion), PEER);
    expect(network.requests).toEqual([]);
    network.nowUs -= 3 * 60_000_000;
    network.listener.push(Buffer.from(conclusion), PEER);
    expect(network.requests).toHaveLength(1);
  });

  it('answers nothing that comes from port 0, where no answer could go to', () => {
    const network = new Network();
    const seen: Buffer[] = [];
    network.path = { passes: (packet) => (seen.push(packet), false) };
    network.call();
    network.listener.push(Buffer.from(seen[0]!), { ...PEER, port: 0 });
    expect(network.answers).toEqual([]);
    network.listener.push(Buffer.from(seen[0]!), PEER);
    expect(network.answers).toHaveLength(1);
  });

  it('tells a caller why it is refused, also again', () => {
    const network = new Network();
    const conclusions: Buffer[] = [];
    network.path = { passes: (packet) => (packet.length > 80 && conclusions.push(Buffer.from(packet)), true) };
    network.decide = (request) => request.reject(SrtRejection.forbidden);
    network.call();
    network.run(50);
    expect(network.refusal).toBe(SrtRejection.forbidden);
    const answer = network.answers.at(-1)!;
    network.listener.push(Buffer.from(conclusions[0]!), PEER);
    expect(network.requests).toHaveLength(1);
    expect(network.answers.at(-1)).toEqual(answer);
  });

  it('turns away callers beyond its limit while others are decided upon, and forgets those that were refused for them', () => {
    const network = new Network({ maxUndecided: 2 });
    const { forbidden, backlog } = SrtRejection;
    const refusalOf = (address: string): number | undefined => {
      network.refusal = undefined;
      network.call({}, { ...PEER, address });
      network.run(50);
      return network.refusal;
    };
    network.decide = () => undefined;
    for (const address of ['192.0.2.1', '198.51.100.1']) expect(refusalOf(address)).toBeUndefined();
    expect(refusalOf('203.0.113.1')).toBe(backlog);
    for (const request of network.requests) request.reject(forbidden);
    network.decide = (request) => request.reject(forbidden);
    expect(['203.0.113.1', '203.0.113.2', '203.0.113.3', '203.0.113.4'].map(refusalOf)).toEqual(
      Array(4).fill(forbidden),
    );
    network.decide = (request) => network.accept(request);
    expect(refusalOf('192.0.2.1')).toBeUndefined();
    expect(network.listener.size).toBe(1);
    network.callerConnection!.close();
    network.run(4_000);
    expect(network.listener.isIdle).toBe(true);
  });

  it('remembers nothing of a handshake that cannot be served whatever it asks for', () => {
    const network = new Network();
    const conclusions: Buffer[] = [];
    network.path = { passes: (packet) => packet.length <= 80 || (conclusions.push(Buffer.from(packet)), false) };
    network.call();
    network.run(50);
    const [conclusion] = conclusions;
    // Version 4 of the handshake.
    conclusion!.writeUInt32BE(4, SRT_HEADER_BYTES);
    const answered = network.answers.length;
    for (let i = 0; i < 20; i++) network.listener.push(Buffer.from(conclusion!), PEER);
    expect(network.answers).toHaveLength(answered + 20);
    expect(network.answers.at(-1)!.readUInt32BE(36)).toBe(1_000 + SrtRejection.version);
    expect(network.listener.isIdle).toBe(true);
  });

  it('leaves places for others when the callers of one network have taken theirs', () => {
    const network = new Network({ maxUndecided: 8, maxUndecidedPerNetwork: 2 });
    network.decide = (request) => request.reject(SrtRejection.forbidden);
    const refusals = ['192.0.2.7', '192.0.2.8', '192.0.2.9', '198.51.100.1'].map((address) => {
      network.call({}, { ...PEER, address });
      network.run(50);
      return network.refusal;
    });
    const { forbidden, backlog } = SrtRejection;
    expect(refusals).toEqual([forbidden, forbidden, backlog, forbidden]);
    network.run(4_000);
    network.call();
    network.run(50);
    expect(network.refusal).toBe(forbidden);
  });

  it('sends no more again than it has sent to a peer that reads nothing, and sees when it reads again', () => {
    const network = new Network();
    network.call();
    network.run(50);
    const connection = network.connection!;
    network.path = { passes: (packet) => !isData(packet) };
    network.run(600, (step) => void connection.write(message(step)));
    expect(connection.isUnread).toBe(false);
    network.run(4_000);
    expect(connection.isUnread).toBe(true);
    expect(connection.statistics.sentAgain).toBeGreaterThan(600);
    expect(connection.statistics.sentAgain).toBeLessThanOrEqual(600 + 64 + 100);
    network.path = {};
    network.run(500);
    expect(connection.isUnread).toBe(false);
    expect(connection.isDrained).toBe(true);
    connection.write(message(7));
    network.run(500);
    expect(network.sent.at(-1)).toEqual(message(7));
  });

  it('looks for no more packets than it has, whatever a report says', () => {
    const network = new Network();
    network.call();
    network.run(50);
    const connection = network.connection!;
    network.path = { passes: (packet) => !isData(packet) };
    for (let index = 0; index < 200; index++) connection.write(message(index));
    const socketId = destinationOf(Buffer.from(network.answers.at(-1)!));
    const first = sequenceOf(network.answers.find(isData)!);
    // A report with 300 ranges, each of all that there is.
    const ranges = Array.from({ length: 300 }, () => [first, first + 199]).flat();
    const report = encodeLossReport(ranges);
    const packet = encodeControlPacket(ControlType.nak, 0, 0, 0, socketId, report.length);
    packet.set(report, SRT_HEADER_BYTES);
    network.nowUs += 1_000_000;
    for (let i = 0; i < 1_000; i++) connection.push(Buffer.from(packet));
    expect(connection.statistics.sentAgain).toBe(200);
    expect(network.answers.length).toBeLessThan(500);
  });

  it('sends again at the pace that it is given, and the rest when it may', () => {
    const network = new Network();
    let left = 0;
    const resendPace = {
      get isSpent() {
        return left <= 0;
      },
      spend: (bytes: number) => void (left -= bytes),
    };
    const windows = { receivePackets: 64, sendPackets: 1_024, resendPace };
    network.decide = (request) => network.accept(request, undefined, windows);
    network.call();
    network.run(50);
    const connection = network.connection!;
    network.path = { passes: (packet) => !isData(packet) };
    for (let index = 0; index < 200; index++) connection.write(message(index));
    expect(connection.unacknowledgedBytes).toBe(200 * (message(0).length + SRT_HEADER_BYTES));
    const first = sequenceOf(network.answers.find(isData)!);
    const report = encodeLossReport([first, first + 199]);
    const packet = encodeControlPacket(ControlType.nak, 0, 0, 0, 1, report.length);
    packet.set(report, SRT_HEADER_BYTES);
    network.nowUs += 1_000;
    connection.push(Buffer.from(packet));
    expect(connection.statistics.sentAgain).toBe(0);
    left = 9.5 * (message(0).length + SRT_HEADER_BYTES);
    connection.push(Buffer.from(packet));
    expect(connection.statistics.sentAgain).toBe(10);
    network.path = {};
    left = Infinity;
    network.run(500);
    expect(network.sent).toHaveLength(200);
    expect(connection.unacknowledgedBytes).toBe(0);
  });

  it('keeps what it has sent no longer than it is told to, whatever latency the peer asks for', () => {
    const network = new Network();
    const windows = { receivePackets: 64, sendPackets: 1_024, maxKeepMs: 1_500 };
    network.decide = (request) => network.accept(request, undefined, windows);
    network.call({ delayMs: 5_000 });
    network.run(50);
    const connection = network.connection!;
    expect(connection.sendDelayMs).toBe(5_000);
    network.path = { passes: (packet) => !isData(packet) };
    for (let index = 0; index < 100; index++) connection.write(message(index));
    network.run(1_400);
    expect(connection.statistics.sendDropped).toBe(0);
    network.run(200);
    // The newest one is kept, to see whether the peer reads again.
    expect(connection.statistics.sendDropped).toBe(99);
    expect(connection.unacknowledgedBytes).toBe(message(0).length + SRT_HEADER_BYTES);
    expect(connection.isUnread).toBe(true);
  });

  it('opens nothing again for a handshake that is repeated after the end', () => {
    const network = new Network();
    const conclusions: Buffer[] = [];
    network.path = { passes: (packet) => (packet.length > 80 && conclusions.push(Buffer.from(packet)), true) };
    network.call();
    network.run(50);
    network.callerConnection!.close();
    network.run(50);
    expect(network.ends).toEqual(['caller: closed', 'shutdown']);
    network.listener.push(conclusions[0]!, PEER);
    expect(network.requests).toHaveLength(1);
    expect(network.listener.size).toBe(0);
    // That it has ended is remembered for a while, and nothing after that.
    expect(network.listener.isIdle).toBe(false);
    network.run(10_000);
    expect(network.listener.isIdle).toBe(true);
  });

  it('ignores packets from another address than that of the connection', () => {
    const network = new Network();
    network.call();
    network.run(50);
    const seen: Buffer[] = [];
    network.path = { passes: (packet) => (seen.push(packet), false) };
    network.callerConnection!.close();
    network.listener.push(seen[0]!, { ...PEER, port: 5_001 });
    expect(network.ends).toEqual(['caller: closed']);
    network.listener.push(seen[0]!, PEER);
    expect(network.ends).toEqual(['caller: closed', 'shutdown']);
  });

  it('holds no more than its window, and goes on when it is let', () => {
    const network = new Network({ receivePackets: 64 });
    network.call();
    network.run(50);
    network.connection!.isPaused = true;
    network.run(200, (step) => void network.callerConnection!.write(message(step)));
    network.run(200);
    expect(network.received).toEqual([]);
    network.connection!.isPaused = false;
    network.run(3_000, (step) => void (step % 10 === 0 && network.callerConnection!.write(message(step))));
    expect(network.received.slice(0, 64)).toEqual(Array.from({ length: 64 }, (_, index) => message(index)));
    expect(network.received.length).toBeGreaterThan(300);
  });
});
