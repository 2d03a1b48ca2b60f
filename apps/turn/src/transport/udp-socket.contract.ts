// What the server relies on in a UDP socket, whatever system calls are beneath it.
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type { IpFamily } from '../peers/ip-address.ts';
import { soak } from '../testing/udp-soak.ts';
import type { OnDatagram, OpenUdpSocket, UdpSocket } from './udp-socket.ts';

/** A million in the long form; the window of a soak bounds what can be lost on the way: nothing. */
const SOAK_DATAGRAMS = Number(process.env['MILLRACE_TURN_SOAK_DATAGRAMS'] ?? 15_000);
const FAMILIES = [
  ['IPv4', 'udp4', '127.0.0.1', 65_507],
  ['IPv6', 'udp6', '::1', 65_527],
] as const;

interface Heard {
  readonly bytes: Buffer;
  readonly address: string;
  readonly port: number;
}

export function udpSocketContract(name: string, open: OpenUdpSocket): void {
  const closing: (() => void)[] = [];
  afterEach(() => closing.splice(0).forEach((close) => close()));

  const opened = (family: IpFamily, address: string, onDatagram: OnDatagram = () => undefined, port = 0): UdpSocket => {
    const socket = open({ family, address, port, shared: false, bufferBytes: 4 << 20 }, onDatagram);
    closing.push(() => socket.close());
    return socket;
  };
  const peerOf = async (type: 'udp4' | 'udp6', address: string): Promise<{ peer: Socket; heard: Heard[] }> => {
    const peer = createSocket(type).bind(0, address);
    closing.push(() => peer.close());
    await once(peer, 'listening');
    const heard: Heard[] = [];
    peer.on('message', (bytes, from) => heard.push({ bytes, address: from.address, port: from.port }));
    return { peer, heard };
  };
  const texts = (heard: readonly Heard[]): string[] => heard.map(({ bytes }) => String(bytes));
  const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => `datagram ${i}`);

  describe.each(FAMILIES)(`${name}, %s`, (family, type, address, longest) => {
    it('brings each datagram with its sender, in order, for the receiver to keep', async () => {
      const heard: Heard[] = [];
      const socket = opened(family, address, (bytes, from, port) => heard.push({ bytes, address: from, port }));
      const { peer } = await peerOf(type, address);
      const sizes = [0, 1, 1_200, 2_049, 9_000, longest];
      for (const size of sizes) {
        peer.send(Buffer.alloc(size, size & 0xff), socket.port, address);
        await expect.poll(() => heard.length).toBe(sizes.indexOf(size) + 1);
      }
      for (const text of numbered(100)) peer.send(text, socket.port, address);
      await expect.poll(() => heard.length).toBe(sizes.length + 100);
      expect(heard.slice(0, sizes.length).map(({ bytes }) => bytes.length)).toEqual(sizes);
      for (const [i, size] of sizes.entries())
        expect(heard[i]!.bytes.equals(Buffer.alloc(size, size & 0xff))).toBe(true);
      expect(texts(heard.slice(sizes.length))).toEqual(numbered(100));
      expect(new Set(heard.map((each) => each.address))).toEqual(new Set([address]));
      expect(new Set(heard.map((each) => each.port))).toEqual(new Set([peer.address().port]));
    });

    it('sends to several peers between one another, whole and in parts, each in order', async () => {
      const socket = opened(family, address);
      const peers = [await peerOf(type, address), await peerOf(type, address), await peerOf(type, address)];
      for (const text of numbered(90))
        for (const { peer } of peers) {
          const { port } = peer.address();
          const [head, rest] = [Buffer.from(text.slice(0, 4)), Buffer.from(text.slice(4))];
          if (text.endsWith('1')) socket.sendParts([head, rest, Buffer.alloc(0)], port, address);
          else socket.send(Buffer.from(text), port, address);
        }
      for (const { heard } of peers) await expect.poll(() => texts(heard)).toEqual(numbered(90));
      expect(peers[0]!.heard[0]).toMatchObject({ address, port: socket.port });
    });

    it('sends any size that there is', async () => {
      const socket = opened(family, address);
      const { peer, heard } = await peerOf(type, address);
      for (const [i, size] of [longest, 0, 1, longest, 1_200].entries()) {
        socket.send(Buffer.alloc(size, 7), peer.address().port, address);
        await expect.poll(() => heard.at(i)?.bytes.equals(Buffer.alloc(size, 7))).toBe(true);
      }
    });

    it('drops what cannot be sent, and sends what is behind it', async () => {
      const socket = opened(family, address);
      const { peer, heard } = await peerOf(type, address);
      const gone = opened(family, address);
      const { port } = peer.address();
      gone.close();
      socket.send(Buffer.from('first'), port, address);
      socket.send(Buffer.from('to a closed port'), gone.port, address);
      socket.send(Buffer.from('no port'), 0, address);
      socket.sendParts([Buffer.from('no'), Buffer.from('port')], 0, address);
      socket.sendWhole(Buffer.from('no port'), 0, address);
      socket.send(Buffer.alloc(longest + 1), port, address);
      socket.send(Buffer.alloc(300_000), port, address);
      socket.sendParts([Buffer.alloc(4), Buffer.alloc(longest)], port, address);
      socket.send(Buffer.from('last'), port, address);
      await expect.poll(() => texts(heard)).toEqual(['first', 'last']);
    });

    it('may be closed by what a datagram brings about: nothing of its queue follows', async () => {
      const heard: string[] = [];
      const socket: UdpSocket = opened(family, address, (bytes) => {
        heard.push(String(bytes));
        if (heard.length < 40) return;
        socket.send(Buffer.from('closing'), peer.address().port, address);
        socket.close();
        socket.close();
        socket.send(Buffer.from('never'), peer.address().port, address);
      });
      const other: string[] = [];
      const beside = opened(family, address, (bytes) => other.push(String(bytes)));
      const { peer, heard: answers } = await peerOf(type, address);
      for (const text of numbered(80)) {
        peer.send(text, socket.port, address);
        peer.send(text, beside.port, address);
      }
      await expect.poll(() => other).toEqual(numbered(80));
      await expect.poll(() => texts(answers)).toEqual(['closing']);
      expect(heard).toEqual(numbered(40));
    });

    it('leaves its port to the next one, which gets nothing of what was sent before', async () => {
      const first = opened(family, address);
      const { peer, heard } = await peerOf(type, address);
      for (const text of numbered(10)) first.send(Buffer.from(text), peer.address().port, address);
      expect(() => opened(family, address, undefined, first.port)).toThrow(
        expect.objectContaining({ code: 'EADDRINUSE' }),
      );
      first.close();
      const second = opened(family, address, undefined, first.port);
      second.send(Buffer.from('of the second'), peer.address().port, address);
      await expect.poll(() => texts(heard)).toEqual([...numbered(10), 'of the second']);
    });

    it.runIf(process.platform === 'linux')('sends what may not be cut up, between others', async () => {
      const socket = opened(family, address);
      const { peer, heard } = await peerOf(type, address);
      expect(socket.canSendWhole()).toBe(true);
      const { port } = peer.address();
      socket.send(Buffer.from('first'), port, address);
      socket.sendWhole(Buffer.from('whole'), port, address);
      socket.send(Buffer.from('last'), port, address);
      await expect.poll(() => texts(heard)).toEqual(['first', 'whole', 'last']);
    });

    it('keeps every byte of many datagrams of odd sizes, with errors and sockets that come and go', async () => {
      const datagrams = Math.ceil(SOAK_DATAGRAMS / FAMILIES.length);
      expect(await soak(open, { family, address, datagrams })).toMatchObject({ wrong: [], received: datagrams });
    }, 1_200_000);
  });
}
