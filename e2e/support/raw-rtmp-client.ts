// A publishing RTMP client made for tests: does nothing by itself, and everything that a test asks for.
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { amf0, readAmf0 } from './raw-amf.ts';
import type { AmfIn } from './raw-amf.ts';
import { RawChunkWriter, uint32 } from './raw-chunks.ts';
import type { ChunkStyle, RawMessage } from './raw-chunks.ts';

export interface ServerMessage {
  readonly type: number;
  readonly body: Buffer;
}

export interface PublishOptions {
  /** Send commands as AMF3 messages (type 17): a zero byte, then AMF0. */
  readonly amf3Commands?: boolean;
  /** Write every byte by itself. */
  readonly byteByByte?: boolean;
  readonly style?: ChunkStyle;
  /** Added to what `connect` says of the client. */
  readonly connectProperties?: Readonly<Record<string, AmfIn>>;
}

const COMMAND_STYLE: ChunkStyle = { csid: 3, headers: 'full' };
const CONTROL_STYLE: ChunkStyle = { csid: 2, headers: 'full' };

export class RawRtmpClient {
  readonly out = new RawChunkWriter();
  readonly messages: ServerMessage[] = [];
  /** The codes of all `onStatus` messages, with their descriptions. */
  readonly statuses: { code: string; description: string }[] = [];
  closed = false;
  #input = Buffer.alloc(0);
  #inputChunkSize = 128;
  #partial = new Map<number, { type: number; length: number; parts: Buffer[]; got: number }>();
  #handshakeDone = false;

  private constructor(
    readonly socket: Socket,
    readonly options: PublishOptions,
  ) {
    socket.on('data', (data: Buffer) => this.#receive(data));
    socket.on('close', () => (this.closed = true));
    socket.on('error', () => (this.closed = true));
  }

  /** Connects and does the simple handshake. */
  static async open(port: number, options: PublishOptions = {}): Promise<RawRtmpClient> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await once(socket, 'connect');
    const client = new RawRtmpClient(socket, options);
    const c1 = Buffer.alloc(1536, 7).fill(0, 0, 8);
    await client.write(Buffer.concat([Buffer.from([3]), c1]));
    await client.until('S0, S1 and S2', () => client.#input.length >= 1 + 1536 * 2);
    const s1 = Buffer.from(client.#input.subarray(1, 1537));
    client.#input = client.#input.subarray(1 + 1536 * 2);
    client.#handshakeDone = true;
    await client.write(s1);
    return client;
  }

  /** Connects, publishes, and waits for the server's word. @throws when the server refuses */
  static async publish(
    port: number,
    app: string,
    streamName: string,
    options: PublishOptions = {},
  ): Promise<RawRtmpClient> {
    const client = await RawRtmpClient.open(port, options);
    await client.command('connect', 1, {
      app,
      tcUrl: `rtmp://127.0.0.1:${port}/${app}`,
      flashVer: 'test',
      objectEncoding: 0,
      ...options.connectProperties,
    });
    await client.until('the answer to connect', () => client.#answered(1));
    await client.command('createStream', 2, null);
    await client.until('the answer to createStream', () => client.#answered(2));
    await client.command('publish', 3, null, streamName, 'live');
    await client.until('the answer to publish', () => client.statuses.length > 0 || client.closed);
    const status = client.statuses[0];
    if (status?.code !== 'NetStream.Publish.Start') throw new Error(`refused: ${status?.code} ${status?.description}`);
    return client;
  }

  /** Sends a command on message stream 0, or 1 for `publish`. */
  async command(name: string, transaction: number, ...values: AmfIn[]): Promise<void> {
    const body = amf0(name, transaction, ...values);
    const message: RawMessage = {
      type: this.options.amf3Commands ? 17 : 20,
      streamId: name === 'publish' ? 1 : 0,
      timestamp: 0,
      body: this.options.amf3Commands ? Buffer.concat([Buffer.from([0]), body]) : body,
    };
    await this.send(message, COMMAND_STYLE);
  }

  async setChunkSize(size: number): Promise<void> {
    await this.send({ type: 1, streamId: 0, timestamp: 0, body: uint32(size) }, CONTROL_STYLE);
    this.out.chunkSize = size;
  }

  /** Gives up the message that is half sent on a chunk stream (§5.4.2). */
  async abort(csid: number): Promise<void> {
    await this.send({ type: 2, streamId: 0, timestamp: 0, body: uint32(csid) }, CONTROL_STYLE);
  }

  async send(message: RawMessage, style: ChunkStyle): Promise<void> {
    await this.write(Buffer.concat(this.out.chunksOf(message, style)));
  }

  async write(bytes: Buffer): Promise<void> {
    if (this.closed) return;
    if (this.options.byteByByte) {
      for (let at = 0; at < bytes.length; at++) this.socket.write(bytes.subarray(at, at + 1));
    } else this.socket.write(bytes);
    if (this.socket.writableNeedDrain) await Promise.race([once(this.socket, 'drain'), once(this.socket, 'close')]);
  }

  async until(what: string, holds: () => boolean, timeoutMs = 15_000): Promise<void> {
    const end = Date.now() + timeoutMs;
    while (!holds()) {
      if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async end(): Promise<void> {
    this.socket.end();
    await this.until('the connection to close', () => this.closed);
  }

  destroy(): void {
    this.socket.destroy();
  }

  #answered(transaction: number): boolean {
    return this.messages.some((m) => m.type === 20 && readAmf0(m.body)[1] === transaction) || this.closed;
  }

  #receive(data: Buffer): void {
    this.#input = Buffer.concat([this.#input, data]);
    while (this.#handshakeDone && this.#readChunk());
  }

  /** Enough of a chunk reader for what servers send: ids below 320, no extended timestamps. */
  #readChunk(): boolean {
    const input = this.#input;
    if (input.length < 2) return false;
    const fmt = input[0]! >> 6;
    const small = input[0]! & 63;
    const csid = small === 0 ? input[1]! + 64 : small;
    let at = small === 0 ? 2 : 1;
    const header = [11, 7, 3, 0][fmt]!;
    if (input.length < at + header) return false;
    const previous = this.#partial.get(csid);
    const message =
      fmt <= 1
        ? { type: input[at + 6]!, length: input.readUIntBE(at + 3, 3), parts: [], got: 0 }
        : (previous ?? { type: 0, length: 0, parts: [], got: 0 });
    at += header;
    const length = Math.min(this.#inputChunkSize, message.length - message.got);
    if (input.length < at + length) return false;
    message.parts.push(Buffer.from(input.subarray(at, at + length)));
    message.got += length;
    this.#partial.set(csid, message);
    this.#input = input.subarray(at + length);
    if (message.got === message.length) {
      this.#message({ type: message.type, body: Buffer.concat(message.parts) });
      this.#partial.set(csid, { ...message, parts: [], got: 0 });
    }
    return true;
  }

  #message(message: ServerMessage): void {
    this.messages.push(message);
    if (message.type === 1) this.#inputChunkSize = message.body.readUInt32BE(0);
    if (message.type !== 20) return;
    const [name, , , info] = readAmf0(message.body);
    if (name === 'onStatus') {
      const { code, description } = info as { code: string; description: string };
      this.statuses.push({ code, description });
    }
  }
}
