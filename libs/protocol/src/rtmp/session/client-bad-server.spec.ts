// What a client session does with servers that answer wrongly, not at all, or unasked.
import { describe, expect, it } from 'vitest';
import { encodeAmf0 } from '../../amf0/index.ts';
import type { AmfValue } from '../../amf0/index.ts';
import { record } from '../../testing/amf-record.ts';
import { ChunkDecoder } from '../chunk/chunk-decoder.ts';
import { ChunkEncoder } from '../chunk/chunk-encoder.ts';
import { decodeCommand } from '../message/command.ts';
import { RtmpClientSession } from './client-session.ts';
import { clientSessionOptions } from './client-session-options.ts';
import type { ClientSessionOptions } from './client-session-options.ts';

const HANDSHAKE_BYTES = 1 + 2 * 1536;

/** A client session, and a server that says just what a test says. */
class BadServer {
  readonly log: unknown[] = [];
  readonly client: RtmpClientSession;
  /** Names and transaction ids of the commands that the client sent. */
  readonly commands: (readonly [string, number])[] = [];
  readonly #encoder = new ChunkEncoder();
  #skipped = 0;
  readonly #decoder = new ChunkDecoder({
    onMessage: (type, _stream, _timestamp, payload) => {
      if (type !== 20) return;
      const { name, transactionId } = decodeCommand(payload);
      this.commands.push([name, transactionId]);
    },
  });

  constructor(options: Partial<ClientSessionOptions> = {}) {
    this.client = new RtmpClientSession(
      {
        send: (bytes) => this.#receive(bytes),
        onReady: () => void this.log.push('ready'),
        onStatus: ({ level, code }) => void this.log.push([level, code]),
        onReconnectRequest: (tcUrl, description) => void this.log.push(['reconnect', tcUrl, description]),
        onAudio: () => void this.log.push('audio'),
        onVideo: () => void this.log.push('video'),
        onData: () => void this.log.push('data'),
        onClosed: ({ code }) => void this.log.push(['closed', code]),
      },
      clientSessionOptions({
        now: () => 0,
        mode: 'publish',
        app: 'live',
        tcUrl: 'rtmp://h/live',
        streamName: 'key',
        ...options,
      }),
    );
    this.client.start();
  }

  #receive(bytes: Buffer): void {
    const skipped = Math.min(HANDSHAKE_BYTES - this.#skipped, bytes.length);
    this.#skipped += skipped;
    this.#decoder.push(bytes.subarray(skipped));
  }

  /** S0, S1 and S2. */
  shake(version = 3): this {
    this.client.push(Buffer.concat([Buffer.of(version), Buffer.alloc(2 * 1536)]));
    return this;
  }

  command(name: string, transactionId: number, args: readonly AmfValue[], messageStreamId = 0): this {
    const payload = encodeAmf0(name, transactionId, ...args);
    this.client.push(this.#encoder.encode({ type: 20, messageStreamId, timestamp: 0, chunkStreamId: 3, payload }));
    return this;
  }

  /** The transaction id of a command that the client sent. */
  idOf(name: string): number {
    const sent = this.commands.find(([candidate]) => candidate === name);
    if (sent === undefined) throw new Error(`no ${name} was sent`);
    return sent[1];
  }

  connected(): this {
    this.shake();
    return this.command('_result', this.idOf('connect'), [null, record({ level: 'status' })]);
  }

  media(type: number, messageStreamId: number): this {
    this.client.push(
      this.#encoder.encode({ type, messageStreamId, timestamp: 0, chunkStreamId: 6, payload: Buffer.of(0x17, 1) }),
    );
    return this;
  }
}

const status = (level: string, code: string): AmfValue => record({ level, code, description: 'x' });

describe('a client session', () => {
  it.each([0, 2, 6, 31, 255])('is over when S0 is version %d', (version) => {
    expect(new BadServer().shake(version).log).toEqual([['closed', 'rtmp.handshake.version']]);
  });

  it.each<[string, AmfValue]>([
    ['a text', 'x'],
    ['nothing', null],
    ['NaN', NaN],
    ['0', 0],
    ['-1', -1],
    ['a fraction', 1.5],
    ['2^32', 2 ** 32],
    ['infinity', Infinity],
  ])('is over when the server gives %s for a message stream', (_name, id) => {
    const server = new BadServer().connected();
    server.command('_result', server.idOf('createStream'), [null, id]);
    expect(server.log).toEqual([['closed', 'rtmp.client.bad-stream-id']]);
  });

  it('takes the largest message stream id', () => {
    const server = new BadServer().connected();
    server.command('_result', server.idOf('createStream'), [null, 0xffffffff]);
    expect(server.commands.at(-1)?.[0]).toBe('publish');
    expect(server.client.messageStreamId).toBe(0xffffffff);
  });

  it.each(['connect', 'createStream'])('is over when the server refuses %s', (name) => {
    const server = name === 'connect' ? new BadServer().shake() : new BadServer().connected();
    server.command('_error', server.idOf(name), [null, status('error', 'NetConnection.Call.Failed')]);
    expect(server.log).toEqual([['closed', 'rtmp.client.refused']]);
  });

  it('takes an answer once, and no unsolicited one', () => {
    const server = new BadServer().shake();
    for (const id of [0, 99, -1, 1e9]) server.command('_result', id, [null, 7]);
    expect(server.commands.map(([name]) => name)).toEqual(['connect']);
    server.command('_result', server.idOf('connect'), [null, null]);
    server.command('_result', server.idOf('connect'), [null, null]);
    expect(server.commands.filter(([name]) => name === 'createStream')).toHaveLength(1);
    const id = server.idOf('createStream');
    server.command('_result', id, [null, 1]).command('_result', id, [null, 2]);
    expect(server.client.messageStreamId).toBe(1);
  });

  it('is ready only when the server says so', () => {
    const server = new BadServer().connected();
    server.command('_result', server.idOf('createStream'), [null, 1]);
    expect(server.log).toEqual([]);
    server.command('onStatus', 0, [null, status('status', 'NetStream.Play.Start')], 1);
    server.command('onStatus', 0, [null, null], 1);
    expect(server.log).toEqual([
      ['status', 'NetStream.Play.Start'],
      ['status', ''],
    ]);
    server.command('onStatus', 0, [null, status('status', 'NetStream.Publish.Start')], 1);
    expect(server.log.at(-1)).toBe('ready');
  });

  it('remembers a bounded number of commands without an answer', () => {
    const server = new BadServer().connected();
    // releaseStream, FCPublish and createStream wait already: one more may.
    for (let count = 0; count < 1_020; count++) server.client.sendCommand('x', null, []);
    const last = server.client.sendCommand('createStream', null, []);
    const beyond = server.client.sendCommand('createStream', null, []);
    server.command('_result', beyond, [null, 7]);
    expect(server.client.messageStreamId).toBe(0);
    server.command('_result', last, [null, 8]);
    expect(server.client.messageStreamId).toBe(8);
    expect(server.commands.at(-1)?.[0]).toBe('publish');
  });

  it.each([
    ['publishes', 'publish', []],
    ['plays', 'play', ['video', 'audio', 'video', 'audio']],
  ] as const)('that %s takes media of its own stream, and of stream 0, or none', (_name, mode, taken) => {
    const server = new BadServer({ mode }).connected();
    server.command('_result', server.idOf('createStream'), [null, 5]);
    server.media(9, 5).media(9, 0);
    expect(server.log).toEqual([]);
    const start = mode === 'play' ? 'NetStream.Play.Start' : 'NetStream.Publish.Start';
    server.command('onStatus', 0, [null, status('status', start)], 5);
    server.log.length = 0;
    server.media(9, 5).media(8, 5).media(9, 0).media(8, 0).media(9, 1).media(8, 6);
    expect(server.log).toEqual(taken);
  });

  it('tells nothing after its end', () => {
    const server = new BadServer().connected();
    server.client.end();
    server.command('_result', server.idOf('createStream'), [null, NaN]).media(9, 1);
    expect(server.log).toEqual([]);
  });
});
