// Peers that do not keep to RFC 6455, or that try to cost too much: each is cut, and participants of a room notice nothing.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RoomsSettings } from './settings.ts';
import { TestClient } from './testing/test-client.ts';
import { sampleRoom } from './testing/test-gateway.ts';
import { TestSignaling } from './testing/test-pod.ts';

const MASK = Buffer.alloc(4);
const UPGRADE = [
  'GET /v1/rooms HTTP/1.1',
  'Host: 127.0.0.1',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
];

let signaling: TestSignaling;
let bystander: TestClient;
let token: string;

async function start(changed: Partial<RoomsSettings> = {}): Promise<void> {
  signaling = await TestSignaling.start(changed);
  token = signaling.gateway.token(sampleRoom({ maxParticipants: 1_000 }));
  bystander = (await TestClient.join(signaling.port, token)).client;
}

/** A client that has done nothing wrong is still served. */
async function expectServed(): Promise<void> {
  const pongs = bystander.all('pong').length;
  bystander.send({ type: 'ping' });
  await bystander.one('pong', pongs + 1);
  expect(bystander.closed).toBeUndefined();
}

class RawPeer {
  readonly socket: Socket;
  received = Buffer.alloc(0);
  ended = false;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (chunk: Buffer) => (this.received = Buffer.concat([this.received, chunk])));
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => (this.ended = true));
  }

  static async open(lines: readonly string[] = UPGRADE): Promise<RawPeer> {
    const peer = new RawPeer(signaling.port);
    await once(peer.socket, 'connect');
    peer.socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    await vi.waitFor(() => expect(peer.ended || peer.received.includes('\r\n\r\n')).toBe(true), 10_000);
    return peer;
  }

  /** The status of the HTTP answer; 0 when there was none. */
  get status(): number {
    return Number(/^HTTP\/1\.1 (\d{3})/.exec(this.received.toString('latin1'))?.[1] ?? 0);
  }

  /** The code of the close frame that came last, if any. */
  get closeCode(): number | undefined {
    const frames = this.received.subarray(this.received.indexOf('\r\n\r\n') + 4);
    const at = frames.lastIndexOf(0x88);
    return at >= 0 && frames.length >= at + 4 ? frames.readUInt16BE(at + 2) : undefined;
  }

  async untilEnded(): Promise<void> {
    await vi.waitFor(() => expect(this.ended).toBe(true), 15_000);
  }
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

function textFrame(text: string, { fin = true, opcode = 1 } = {}): Buffer {
  const body = Buffer.from(text);
  const head = Buffer.alloc(8);
  head[0] = (fin ? 0x80 : 0) | opcode;
  head[1] = 0x80 | 126;
  head.writeUInt16BE(body.length, 2);
  MASK.copy(head, 4);
  return Buffer.concat([head, body]);
}

afterEach(() => signaling.close());

describe('frames that RFC 6455 forbids', () => {
  beforeEach(() => start());

  it.each<[string, string, number]>([
    ['unmasked (section 5.1)', '8105 48656c6c6f', 1002],
    ['RSV1 without an extension (section 5.2)', 'c180 00000000', 1002],
    ['RSV2', 'a180 00000000', 1002],
    ['a ping of 126 bytes (section 5.5)', `89fe 007e 00000000 ${'00'.repeat(126)}`, 1002],
    ['a ping in pieces (section 5.5)', '0980 00000000', 1002],
    ['a length with its first bit set (section 5.2)', '82ff 8000000000000000 00000000', 1009],
    ['a length of 2^63 - 1', '82ff 7fffffffffffffff 00000000', 1009],
    ['a length just above the limit', '81ff 0000000000020001 00000000', 1009],
    ['a close of one byte (section 5.5.1)', '8881 00000000 03', 1002],
    ['a close with 1005 (section 7.4.1)', '8882 00000000 03ed', 1002],
    ['a close with 999', '8882 00000000 03e7', 1002],
    ['a continuation of nothing (section 5.4)', '8080 00000000', 1002],
    ['a text inside another text', '0180 00000000 8180 00000000', 1002],
    ['a text that is no UTF-8 (section 8.1)', '8182 00000000 c328', 1007],
    ['opcode 3', '8380 00000000', 1002],
    ['opcode 11', '8b80 00000000', 1002],
    ['a binary message', '8280 00000000', 1003],
  ])('%s', async (_name, bytes, code) => {
    const peer = await RawPeer.open();
    expect(peer.status).toBe(101);
    peer.socket.write(hex(bytes));
    await vi.waitFor(() => expect(peer.closeCode).toBe(code), 10_000);
    peer.socket.destroy();
    await expectServed();
  });

  it('a message in a hundred pieces, one in thousands of them empty, and one byte at a time', async () => {
    const pieces = await RawPeer.open();
    for (let i = 0; i < 200; i++) pieces.socket.write(textFrame('', { fin: false, opcode: i === 0 ? 1 : 0 }));
    await pieces.untilEnded();
    expect(pieces.closeCode).toBe(1008);

    const slow = await RawPeer.open();
    for (const byte of textFrame('{"type":"ping","id":"slow"}')) slow.socket.write(Buffer.of(byte));
    await vi.waitFor(() => expect(slow.received.toString('latin1')).toContain('"reply_to":"slow"'), 10_000);
    slow.socket.destroy();
    await expectServed();
  });

  it('a compressed one: compression is not agreed on, even when it is asked for', async () => {
    const peer = await RawPeer.open([
      ...UPGRADE,
      'Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover',
    ]);
    expect(peer.status).toBe(101);
    expect(peer.received.toString('latin1')).not.toMatch(/Sec-WebSocket-Extensions/i);
    peer.socket.write(Buffer.concat([hex('c1 fe 0400 00000000'), randomBytes(1_024)]));
    await vi.waitFor(() => expect(peer.closeCode).toBe(1002), 10_000);
    peer.socket.destroy();
  });
});

describe('handshakes that are none', () => {
  beforeEach(() => start());
  const without = (name: string): string[] => UPGRADE.filter((line) => !line.startsWith(name));

  it.each<[string, () => string[], number]>([
    ['another path', () => ['GET /v1/room HTTP/1.1', ...UPGRADE.slice(1)], 404],
    ['no key', () => without('Sec-WebSocket-Key'), 400],
    ['a short key', () => [...without('Sec-WebSocket-Key'), 'Sec-WebSocket-Key: x'], 400],
    ['version 12', () => [...without('Sec-WebSocket-Version'), 'Sec-WebSocket-Version: 12'], 400],
    ['POST', () => ['POST /v1/rooms HTTP/1.1', ...UPGRADE.slice(1)], 405],
    ['another protocol', () => [...without('Upgrade'), 'Upgrade: h2c'], 400],
    ['a malformed extension', () => [...UPGRADE, 'Sec-WebSocket-Extensions: ;;;'], 101],
    ['2,000 headers', () => [...UPGRADE, ...Array.from({ length: 2_000 }, (_, i) => `X-${i}: y`)], 431],
    ['64 KB of protocols', () => [...UPGRADE, `Sec-WebSocket-Protocol: ${'a,'.repeat(32_000)}a`], 431],
    ['protocols that repeat', () => [...UPGRADE, 'Sec-WebSocket-Protocol: a,a'], 400],
    ['a plain request', () => ['GET /v1/rooms HTTP/1.1', 'Host: x', 'Connection: close'], 404],
    ['an absolute address', () => ['GET http://evil.example/v1/rooms HTTP/1.1', ...UPGRADE.slice(1)], 404],
    ['two addresses in one', () => ['GET /v1/rooms/../rooms HTTP/1.1', ...UPGRADE.slice(1)], 404],
  ])('%s', async (_name, lines, status) => {
    const peer = await RawPeer.open(lines());
    expect(peer.status).toBe(status);
    peer.socket.destroy();
    await expectServed();
  });

  it('a token in the address counts for nothing: it would appear in logs', async () => {
    const peer = await RawPeer.open([`GET /v1/rooms?token=${token} HTTP/1.1`, ...UPGRADE.slice(1)]);
    expect(peer.status).toBe(101);
    peer.socket.write(textFrame('{"type":"chat","text":"x"}'));
    await vi.waitFor(() => expect(peer.received.toString('latin1')).toContain('not_joined'), 10_000);
    peer.socket.destroy();
  });
});

describe('who sends too much before joining', () => {
  it('is cut at the limit, whether in one message or in many, whole or not', async () => {
    await start({ signalingMaxUnjoinedBytes: 4_096 });
    const attacks: (() => Buffer)[] = [
      () => textFrame(JSON.stringify({ type: 'join', version: 1, token: 'x'.repeat(5_000) })),
      () => Buffer.concat(Array.from({ length: 200 }, () => textFrame('{"type":"ping"}'))),
      () => textFrame('x'.repeat(5_000)).subarray(0, 4_500),
    ];
    for (const attack of attacks) {
      const peer = await RawPeer.open();
      peer.socket.write(attack());
      await peer.untilEnded();
      expect(peer.closeCode).toBe(1009);
    }
    await expectServed();
  });
});

describe('memory', () => {
  it('stays bounded under readers that do not read', { timeout: 60_000 }, async () => {
    await start({
      signalingMaxUnsentBytes: 64 * 1_024,
      signalingMessageBurst: 100_000,
      signalingMessagesPerSecond: 100_000,
      roomMaxChatBytes: 64 * 1_024,
      // Who does not read does not answer pings either: that is another test.
      signalingPingMs: 600_000,
    });
    const sloths = await Promise.all(
      Array.from({ length: 40 }, async () => {
        const { client } = await TestClient.join(signaling.port, token);
        client.ws.pause();
        return client;
      }),
    );
    const before = process.memoryUsage();
    const text = 'x'.repeat(32_000);
    let cut = '';
    for (let round = 0; !cut.endsWith(' 40') && round < 60; round++) {
      for (let i = 0; i < 10; i++) bystander.send({ type: 'chat', text });
      await expectServed();
      const lines = (await signaling.pods[0]!.metrics.text()).split('\n');
      cut =
        lines.find((line) => line.startsWith('millrace_signaling_closed_sockets_total{reason="slow_reader"}')) ?? '';
    }
    expect(cut).toMatch(/ 40$/);
    // What waits for them is in their mailboxes, which are bounded as well: 1 MiB each, for 15 s.
    const grownMiB = (process.memoryUsage().rss - before.rss) / 1_048_576;
    expect(grownMiB).toBeLessThan(40 * 3 + 100);
    for (const sloth of sloths) sloth.ws.terminate();
  });

  it('stays bounded under floods of pings, and of unsolicited pongs', async () => {
    await start({ signalingMessageBurst: 100, signalingMessagesPerSecond: 10 });
    for (const opcode of [0x89, 0x8a]) {
      const peer = await RawPeer.open();
      peer.socket.write(textFrame(JSON.stringify({ type: 'join', version: 1, token })));
      await vi.waitFor(() => expect(peer.received.toString('latin1')).toContain('"joined"'), 10_000);
      const frame = Buffer.concat([Buffer.of(opcode, 0x80 | 100), MASK, Buffer.alloc(100)]);
      peer.socket.write(Buffer.concat(Array.from({ length: 500 }, () => frame)));
      await peer.untilEnded();
    }
    await expectServed();
    const text = await signaling.pods[0]!.metrics.text();
    expect(text).toContain('millrace_signaling_closed_sockets_total{reason="rate_limited"} 2');
  });

  it('stays bounded under sockets that come, say nothing sensible and go', { timeout: 60_000 }, async () => {
    await start();
    const flood = async (): Promise<void> => {
      await Promise.all(
        Array.from({ length: 100 }, async () => {
          const client = await TestClient.connect(signaling.port);
          client.sendText('{"type":"join","version":1,"token":"nonsense"}');
          await client.untilClosed();
        }),
      );
    };
    await flood();
    global.gc?.();
    const before = process.memoryUsage().heapUsed;
    for (let round = 0; round < 10; round++) await flood();
    global.gc?.();
    expect((process.memoryUsage().heapUsed - before) / 1_048_576).toBeLessThan(64);
    await expectServed();
    expect(await signaling.pods[0]!.metrics.text()).toMatch(/signaling_sockets\{state="waiting"\} 0\n/);
  });
});
