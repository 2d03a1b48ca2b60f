// A participant for tests: the real `ws` client, and what came.
import { once } from 'node:events';
import type { ClientMessage, DirectMessage, RoomEvent, ServerMessage } from '@millrace/rooms-client';
import { expect, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { ClientOptions } from 'ws';

export type Joined = Extract<DirectMessage, { type: 'joined' }>;
type Type = ServerMessage['type'];
/** The message of a type; some types share one shape. */
type Of<T extends Type, M = ServerMessage> = M extends { readonly type: Type }
  ? T extends M['type']
    ? M
    : never
  : never;

const WITHIN = { timeout: 15_000, interval: 5 };

export class TestClient {
  readonly ws: WebSocket;
  readonly received: ServerMessage[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;

  private constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on('message', (data) => this.received.push(JSON.parse((data as Buffer).toString()) as ServerMessage));
    ws.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }));
    ws.on('error', () => undefined);
  }

  static async connect(port: number, options: ClientOptions = {}): Promise<TestClient> {
    const client = new TestClient(new WebSocket(`ws://127.0.0.1:${port}/v1/rooms`, options));
    await once(client.ws, 'open');
    return client;
  }

  static async join(port: number, token: string, more: object = {}): Promise<{ client: TestClient; joined: Joined }> {
    const client = await TestClient.connect(port);
    client.send({ type: 'join', version: 1, token, ...more });
    return { client, joined: await client.one('joined') };
  }

  static async resume(port: number, token: string, lastSequence: number): Promise<TestClient> {
    const client = await TestClient.connect(port);
    client.send({ type: 'resume', version: 1, resume_token: token, last_sequence: lastSequence });
    return client;
  }

  get events(): RoomEvent[] {
    return this.received.filter((message): message is RoomEvent => 'sequence' in message);
  }

  get lastSequence(): number {
    return this.events.at(-1)?.sequence ?? 0;
  }

  send(message: ClientMessage): void {
    this.ws.send(JSON.stringify(message));
  }

  sendText(text: string | Buffer): void {
    this.ws.send(text);
  }

  all<T extends Type>(type: T): Of<T>[] {
    return this.received.filter((message) => message.type === type) as Of<T>[];
  }

  /** The newest one of a kind, once there are so many. */
  async one<T extends Type>(type: T, count = 1): Promise<Of<T>> {
    await vi.waitFor(() => expect(this.all(type).length).toBeGreaterThanOrEqual(count), WITHIN);
    return this.all(type).at(-1)!;
  }

  async untilClosed(): Promise<{ readonly code: number; readonly reason: string }> {
    await vi.waitFor(() => expect(this.closed).toBeDefined(), WITHIN);
    return this.closed!;
  }

  /** The connection breaks, without a word. */
  async drop(): Promise<void> {
    this.ws.terminate();
    await this.untilClosed();
  }

  close(): void {
    this.ws.close();
  }
}
