import { Socket } from 'node:dgram';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { soak } from '../testing/udp-soak.ts';
import { socketsOf } from './batched-socket.ts';
import { BatchedSender, DatagramBatches } from './datagram-batches.ts';
import { DatagramPasses, datagramPasses } from './datagram-passes.ts';
import { openDgramSocket } from './dgram-socket.ts';
import { systemCalls } from './system-calls.ts';
import type { SystemCalls } from './system-calls.ts';
import { udpSocketContract } from './udp-socket.contract.ts';
import type { OpenUdpSocket, UdpSocket, UnsentBound } from './udp-socket.ts';

const ADDRESS = '127.0.0.1';
/** struct msghdr { name, namelen, iov, iovlen } */
const VECTOR_COUNT_AT = 24;
const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => `datagram ${i}`);

const opened: UdpSocket[] = [];
afterEach(() => opened.splice(0).forEach((socket) => socket.close()));

/** A socket, and what one of another kind hears of it. */
function pair(open: OpenUdpSocket, unsent?: UnsentBound) {
  const heard: string[] = [];
  const options = { family: 'IPv4', address: ADDRESS, port: 0, shared: false, bufferBytes: 4 << 20 } as const;
  const socket = open(unsent === undefined ? options : { ...options, unsent }, () => undefined);
  const other = open(options, (bytes) => heard.push(String(bytes)));
  opened.push(socket, other);
  const send = (texts: readonly string[]): void =>
    texts.forEach((text) => socket.send(Buffer.from(text), other.port, ADDRESS));
  return { heard, send };
}

udpSocketContract('the runtime’s own socket', openDgramSocket);

describe('what waits in the runtime’s queue', () => {
  it('is bounded: what there is no room for is dropped and counted, whole and in parts', async () => {
    const onDropped = vi.fn<() => void>();
    const { heard, send } = pair(openDgramSocket, { maxBytes: 1_000, onDropped });
    const size = vi.spyOn(Socket.prototype, 'getSendQueueSize').mockReturnValue(1_000);
    send(numbered(3));
    opened[0]!.sendParts([Buffer.from('in'), Buffer.from('parts')], opened[1]!.port, ADDRESS);
    opened[0]!.sendWhole(Buffer.from('whole'), opened[1]!.port, ADDRESS);
    expect(onDropped).toHaveBeenCalledTimes(5);
    size.mockReturnValue(999);
    send(['room again']);
    await expect.poll(() => heard).toEqual(['room again']);
    expect(onDropped).toHaveBeenCalledTimes(5);
  });
});

describe.runIf(process.platform === 'linux')('on Linux, with the runtime that this repository brings', () => {
  const system = systemCalls();

  it('sockets can be read in passes', () => {
    expect(datagramPasses(1)).toBeDefined();
  });

  if (system === undefined) return;
  /** With so many datagrams in 100 ms. */
  const FEW = 30;
  udpSocketContract('a socket that is read in passes', socketsOf(new DatagramPasses(system, 0)));
  udpSocketContract('one that is read in passes now and then', socketsOf(new DatagramPasses(system, FEW * 10)));

  const passesWith = (calls: Partial<SystemCalls>): DatagramPasses => new DatagramPasses({ ...system, ...calls }, 0);
  /** As a socket whose buffer has room for `rooms` messages, one after the other. */
  const withRoom = (roomOf: () => number): SystemCalls['sendmmsg'] => {
    let room = roomOf();
    return (fd, messages, count, flags) => {
      const fits = Math.min(count, room);
      room = fits === 0 ? roomOf() : room - fits;
      return fits === 0 ? -1 : system.sendmmsg(fd, messages, fits, flags);
    };
  };

  /** A relay of two sockets: what comes to one is sent on in place by the other, and by the runtime when it came by an event. */
  const relayed = (passes: DatagramPasses, to: () => number, unsent?: UnsentBound): UdpSocket => {
    const options = { family: 'IPv4', address: ADDRESS, port: 0, shared: false, bufferBytes: 4 << 20 } as const;
    const open = socketsOf(passes);
    const out = open(unsent === undefined ? options : { ...options, unsent }, () => undefined);
    const into = open(
      options,
      (bytes) => out.send(bytes, to(), ADDRESS),
      (memory, start, end) => {
        out.forward(memory, start, end, to(), ADDRESS);
        return true;
      },
    );
    opened.push(into, out);
    return into;
  };
  /** Sends through a relay in bursts, each after the one before has come. */
  const through = async (passes: DatagramPasses, bursts: readonly (readonly string[])[]): Promise<string[]> => {
    const heard: string[] = [];
    const options = { family: 'IPv4', address: ADDRESS, port: 0, shared: false, bufferBytes: 4 << 20 } as const;
    const end = openDgramSocket(options, (bytes) => heard.push(String(bytes)));
    const relay = relayed(passes, () => end.port);
    opened.push(end);
    let count = 0;
    for (const burst of bursts) {
      for (const text of burst) end.send(Buffer.from(text), relay.port, ADDRESS);
      count += burst.length;
      await expect.poll(() => heard.length).toBe(count);
    }
    return heard;
  };
  /** The first brings the socket into the passes. */
  const FIRST = ['first'];

  it('a call brings many datagrams, and a call sends many, cut by the system where they are of one size', async () => {
    const counts = { received: [] as number[], sent: [] as number[] };
    const passes = passesWith({
      recvmmsg: (...call) => counts.received[counts.received.push(system.recvmmsg(...call)) - 1]!,
      sendmmsg: (...call) => counts.sent[counts.sent.push(system.sendmmsg(...call)) - 1]!,
    });
    expect(passes.isUsed).toBe(false);
    const sizes = numbered(60).map((text, i) => text.padEnd(i < 30 ? 20 : 20 + i));
    expect(await through(passes, [FIRST, sizes])).toEqual([...FIRST, ...sizes]);
    expect(passes.isUsed).toBe(true);
    expect(Math.max(...counts.received)).toBeGreaterThan(1);
    const messages = counts.sent.reduce((sum, count) => sum + Math.max(count, 0), 0);
    expect(messages).toBeGreaterThan(1);
    expect(messages).toBeLessThan(60);
  });

  it('cuts nothing that goes to different peers: each gets its own, in order', async () => {
    const passes = passesWith({});
    const heard: Record<number, string[]> = {};
    const options = { family: 'IPv4', address: ADDRESS, port: 0, shared: false, bufferBytes: 4 << 20 } as const;
    const peers = [0, 1, 2].map((i) => openDgramSocket(options, (bytes) => (heard[i] ??= []).push(String(bytes))));
    let next = 0;
    const sequence = Array.from({ length: 200 }, (_, i) => Math.floor(i / (1 + (i % 5))) % 3);
    const relay = relayed(passes, () => peers[sequence[next++ % sequence.length]!]!.port);
    opened.push(...peers);
    for (let i = 0; i < 200; i++) peers[0]!.send(Buffer.from(`n${String(i).padStart(5)}`), relay.port, ADDRESS);
    const expected = [0, 1, 2].map((peer) =>
      sequence.flatMap((to, i) => (to === peer ? [`n${String(i).padStart(5)}`] : [])),
    );
    await expect.poll(() => [heard[0], heard[1], heard[2]]).toEqual(expected);
  });

  it('sends datagram by datagram where the system cuts none', async () => {
    const ffi = process.getBuiltinModule('node:ffi');
    let segmented = 0;
    const passes = passesWith({
      sendmmsg: (fd, messages, count, flags) => {
        const vectors = ffi.getUint64(messages, VECTOR_COUNT_AT);
        // A message of several vectors is one that is to be cut.
        if (vectors > 1n) segmented++;
        return vectors > 1n ? -1 : system.sendmmsg(fd, messages, 1, flags);
      },
    });
    const texts = numbered(200).map((text) => text.padEnd(20));
    expect(await through(passes, [FIRST, texts, texts])).toEqual([...FIRST, ...texts, ...texts]);
    // What was gathered already is tried; what comes later is not.
    expect(segmented).toBeGreaterThan(0);
    expect(segmented).toBeLessThan(4);
    expect(passes.batches.isDenied).toBe(false);
  });

  it('what the system does not take at once is sent by the runtime, in order', async () => {
    const texts = numbered(100).map((text, i) => text.padEnd(20 + i));
    expect(await through(passesWith({ sendmmsg: withRoom(() => 3) }), [FIRST, texts])).toEqual([...FIRST, ...texts]);
  });

  it('nothing overtakes what waits in the runtime’s queue', () => {
    let isWaiting = false;
    const sendmmsg = vi.fn<SystemCalls['sendmmsg']>(() => -1);
    const batches = new DatagramBatches({ ...system, sendmmsg });
    const handed: string[] = [];
    const hand = (bytes: Uint8Array, port: number, address: string): void => {
      isWaiting = true;
      handed.push(`${Buffer.from(bytes).toString()} to ${address}:${port}`);
    };
    const never = (): never => expect.unreachable('not asked for');
    const runtime = { port: 1, isWaiting: () => isWaiting, send: hand, sendHeard: hand };
    const rest = { canSendWhole: never, sendWhole: never, sendParts: never, forward: never, close: never };
    const sender = new BatchedSender(0, { ...runtime, ...rest });
    const queue = (text: string): boolean => batches.queue(sender, Buffer.from(text), [Buffer.from('!')], 9, ADDRESS);
    expect(numbered(3).map(queue)).toEqual([true, true, true]);
    batches.flush();
    expect(handed).toEqual(numbered(3).map((text) => `${text}! to ${ADDRESS}:9`));
    expect(sendmmsg).toHaveBeenCalledOnce();
    expect(queue('later')).toBe(false);
    isWaiting = false;
    expect(queue('later')).toBe(true);
    batches.flush();
    expect(handed.at(-1)).toBe(`later! to ${ADDRESS}:9`);
  });

  it('where the call is denied, the runtime sends everything, and there are no passes any more', async () => {
    const sendmmsg = vi.fn<SystemCalls['sendmmsg']>(() => -1);
    const passes = passesWith({ sendmmsg });
    const onDenied = vi.fn<() => void>();
    passes.batches.onDenied = onDenied;
    const bursts = Array.from({ length: 20 }, (_, i) => [`datagram ${i}`, 'and a longer one']);
    expect(await through(passes, [FIRST, ...bursts])).toEqual([...FIRST, ...bursts.flat()]);
    expect(onDenied).toHaveBeenCalledOnce();
    const tried = sendmmsg.mock.calls.length;
    expect(await through(passes, [FIRST, ...bursts])).toEqual([...FIRST, ...bursts.flat()]);
    expect(sendmmsg).toHaveBeenCalledTimes(tried);
  });

  it('where the system refuses to read so, events read everything', async () => {
    const recvmmsg = vi.fn<SystemCalls['recvmmsg']>(() => -1);
    const passes = passesWith({ recvmmsg });
    expect(await through(passes, [FIRST, numbered(100)])).toEqual([...FIRST, ...numbered(100)]);
    const tried = recvmmsg.mock.calls.length;
    expect(tried).toBe(16);
    expect(await through(passes, [numbered(100)])).toEqual(numbered(100));
    expect(recvmmsg).toHaveBeenCalledTimes(tried);
  });

  it('one socket that is flooded keeps no other waiting', async () => {
    let isLearning = false;
    let flooded = -1;
    const passes = passesWith({
      recvmmsg: (fd, ...call) => {
        if (isLearning) flooded = fd;
        isLearning = false;
        // Never read in truth, it has something in each pass.
        return fd === flooded ? 64 : system.recvmmsg(fd, ...call);
      },
    });
    const options = { family: 'IPv4', address: ADDRESS, port: 0, shared: false, bufferBytes: 0 } as const;
    const open = socketsOf(passes);
    let [ofFlooded, ofOther] = [0, 0];
    const floodedSocket = open(options, () => ofFlooded++);
    const other = open(options, () => ofOther++);
    const peer = openDgramSocket(options, () => undefined);
    opened.push(floodedSocket, other, peer);
    const send = ({ port }: UdpSocket): void => peer.send(Buffer.from('datagram'), port, ADDRESS);
    send(floodedSocket);
    send(other);
    await expect.poll(() => [ofFlooded, ofOther]).toEqual([1, 1]);
    isLearning = true;
    send(floodedSocket);
    await expect.poll(() => ofFlooded).toBeGreaterThan(1_000);
    send(other);
    await expect.poll(() => ofOther).toBe(2);
  });

  it('passes begin with many datagrams, and end when there are few', async () => {
    const waits = vi.fn(system.epoll_wait);
    const passes = new DatagramPasses({ ...system, epoll_wait: waits }, FEW * 10);
    await through(passes, [['one'], ['two'], ['three']]);
    expect(waits).not.toHaveBeenCalled();
    await through(passes, [numbered(FEW * 4), numbered(FEW * 4)]);
    await expect.poll(() => waits.mock.calls.length).toBeGreaterThan(2);
    await expect
      .poll(async () => {
        const before = waits.mock.calls.length;
        await new Promise((resolve) => setTimeout(resolve, 20));
        return waits.mock.calls.length === before;
      })
      .toBe(true);
    expect(await through(passes, [['again'], numbered(FEW * 4)])).toHaveLength(FEW * 4 + 1);
  });

  it('keeps every byte and the order where the system takes now more, now fewer', async () => {
    let turn = 0;
    const open = socketsOf(passesWith({ sendmmsg: withRoom(() => turn++ % 7) }));
    const result = await soak(open, { family: 'IPv4', address: ADDRESS, datagrams: 3_000 });
    expect(result).toMatchObject({ wrong: [], received: 3_000 });
  });
});
