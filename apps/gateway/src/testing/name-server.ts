// A DNS server for tests that knows a few names (RFC 1035 §4).
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';

const HEADER_BYTES = 12;
/** A question's type and class. */
const TYPE_BYTES = 4;
const TYPE_A = 1;
const TYPE_AAAA = 28;

export class NameServer {
  readonly resolver = new Resolver({ timeout: 1_000, tries: 1 });
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  }

  /** @param names name → its addresses */
  static async start(names: Readonly<Record<string, readonly string[]>>): Promise<NameServer> {
    const socket = createSocket('udp4');
    socket.on('message', (query, from) => socket.send(answerTo(query, names), from.port, from.address));
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return new NameServer(socket);
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(resolve));
  }
}

function answerTo(query: Buffer, names: Readonly<Record<string, readonly string[]>>): Buffer {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const type = query.readUInt16BE(at + 1);
  const question = query.subarray(HEADER_BYTES, at + 1 + TYPE_BYTES);
  const wanted = type === TYPE_A ? 4 : type === TYPE_AAAA ? 6 : 0;
  const records = (names[labels.join('.').toLowerCase()] ?? [])
    .filter((address) => isIP(address) === wanted)
    .map((address) => {
      const bytes = bytesOf(address);
      // The name as a pointer to the question's (§4.1.4), type, class IN, lifetime 0, length.
      return Buffer.from([0xc0, HEADER_BYTES, 0, type, 0, 1, 0, 0, 0, 0, 0, bytes.length, ...bytes]);
    });
  const header = Buffer.alloc(HEADER_BYTES);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(0x8180, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, question, ...records]);
}

function bytesOf(address: string): number[] {
  if (isIP(address) === 4) return address.split('.').map(Number);
  const [head = '', tail = ''] = address.split('::');
  const groups = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => parseInt(group, 16)));
  const [before, after] = [groups(head), groups(tail)];
  const all = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
  return all.flatMap((group) => [group >> 8, group & 0xff]);
}
