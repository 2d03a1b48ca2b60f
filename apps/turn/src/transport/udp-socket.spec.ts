import { Socket } from 'node:dgram';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { soak } from '../testing/udp-soak.ts';
import { batchedSockets, socketsOf } from './batched-socket.ts';
import { BatchedSender, DatagramBatches } from './datagram-batches.ts';
import { openDgramSocket } from './dgram-socket.ts';
import { systemCalls } from './system-calls.ts';
import type { SystemCalls } from './system-calls.ts';
import { udpSocketContract } from './udp-socket.contract.ts';
import type { OpenUdpSocket, UdpSocket, UnsentBound } from './udp-socket.ts';

const ADDRESS = '127.0.0.1';
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
  const openBatched = batchedSockets();
  const system = systemCalls();

  it('there are sockets with many datagrams in a call', () => {
    expect(openBatched).toBeDefined();
  });

  if (openBatched === undefined || system === undefined) return;
  udpSocketContract('a socket with many datagrams in a call', openBatched);

  const batchesWith = (calls: Partial<SystemCalls>): DatagramBatches => new DatagramBatches({ ...system, ...calls });
  /** As a socket whose buffer has room for `rooms` datagrams, one after the other. */
  const withRoom = (roomOf: () => number): SystemCalls['sendmmsg'] => {
    let room = roomOf();
    return (fd, messages, count, flags) => {
      const fits = Math.min(count, room);
      room = fits === 0 ? roomOf() : room - fits;
      return fits === 0 ? -1 : system.sendmmsg(fd, messages, fits, flags);
    };
  };

  it('a call brings more than one datagram, and a call sends more than one', async () => {
    const counts = { received: [] as number[], sent: [] as number[] };
    const batches = batchesWith({
      recvmmsg: (...call) => counts.received[counts.received.push(system.recvmmsg(...call)) - 1]!,
      sendmmsg: (...call) => counts.sent[counts.sent.push(system.sendmmsg(...call)) - 1]!,
    });
    expect(batches.isUsed).toBe(false);
    const { heard, send } = pair(socketsOf(batches));
    expect(batches.isUsed).toBe(true);
    send(numbered(64));
    await expect.poll(() => heard).toEqual(numbered(64));
    expect(Math.max(...counts.sent)).toBeGreaterThan(1);
    expect(Math.max(...counts.received)).toBeGreaterThan(1);
  });

  it('what the system does not take at once is sent by the runtime, in order', async () => {
    const { heard, send } = pair(socketsOf(batchesWith({ sendmmsg: withRoom(() => 3) })));
    send(numbered(100));
    await expect.poll(() => heard).toEqual(numbered(100));
  });

  it('nothing overtakes what waits in the runtime’s queue', () => {
    let isWaiting = false;
    const sendmmsg = vi.fn<SystemCalls['sendmmsg']>(() => -1);
    const batches = batchesWith({ sendmmsg });
    const handed: string[] = [];
    const hand = (bytes: Uint8Array, port: number, address: string): void => {
      isWaiting = true;
      handed.push(`${Buffer.from(bytes).toString()} to ${address}:${port}`);
    };
    const never = (): never => expect.unreachable('not asked for');
    const runtime = { port: 1, isWaiting: () => isWaiting, send: hand, sendHeard: hand };
    const rest = { canSendWhole: never, sendWhole: never, sendParts: never, close: never };
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

  it('where the call is denied, the runtime sends everything, and the call is no longer tried', async () => {
    const sendmmsg = vi.fn<SystemCalls['sendmmsg']>(() => -1);
    const batches = batchesWith({ sendmmsg });
    const onDenied = vi.fn<() => void>();
    batches.onDenied = onDenied;
    const { heard, send } = pair(socketsOf(batches));
    send(numbered(40));
    await expect.poll(() => heard).toEqual(numbered(40));
    expect(onDenied).toHaveBeenCalledOnce();
    const tried = sendmmsg.mock.calls.length;
    heard.length = 0;
    send(numbered(40));
    await expect.poll(() => heard).toEqual(numbered(40));
    expect(sendmmsg).toHaveBeenCalledTimes(tried);
  });

  it('keeps every byte and the order where the system takes now more, now fewer', async () => {
    let turn = 0;
    const open = socketsOf(batchesWith({ sendmmsg: withRoom(() => turn++ % 7) }));
    const result = await soak(open, { family: 'IPv4', address: ADDRESS, datagrams: 3_000 });
    expect(result).toMatchObject({ wrong: [], received: 3_000 });
    expect(turn).toBeGreaterThan(100);
  });
});
