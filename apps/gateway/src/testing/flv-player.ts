// Players of FLV for tests: over HTTP and over a WebSocket, with what they got.
import { request } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { FlvDecoder } from '@millrace/protocol/flv';
import type { FlvTag } from '@millrace/protocol/flv';
import { WebSocket } from 'ws';

export class FlvPlayer {
  readonly tags: FlvTag[] = [];
  readonly decoder = new FlvDecoder();
  /** How it ended: `end` for a whole body or a close with 1000, else what went wrong. */
  over: string | undefined;
  readonly #close: () => void;
  /** Sends a message; only over a WebSocket. */
  readonly say: (text: string) => void;

  private constructor(close: () => void, say: (text: string) => void = () => undefined) {
    this.#close = close;
    this.say = say;
  }

  /** @throws with the answer when it is not 200 */
  static async http(url: string, address = '192.0.2.1'): Promise<FlvPlayer> {
    let sent: ClientRequest | undefined;
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      sent = request(url, { headers: { 'x-forwarded-for': address }, agent: false }, resolve);
      sent.on('error', reject).end();
    });
    if (answer.statusCode !== 200) throw new Error(`${answer.statusCode}: ${await textOf(answer)}`);
    const player = new FlvPlayer(() => sent?.destroy());
    answer.on('data', (bytes: Buffer) => player.#take(bytes));
    answer.on('end', () => (player.over ??= 'end'));
    answer.on('error', (error) => (player.over ??= error.message));
    return player;
  }

  /** @throws with the answer when it is not 101 */
  static async webSocket(url: string, address = '192.0.2.1'): Promise<FlvPlayer> {
    const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers: { 'x-forwarded-for': address } });
    const player = new FlvPlayer(
      () => socket.terminate(),
      (text) => socket.send(text),
    );
    socket.on('message', (bytes: Buffer) => player.#take(bytes));
    socket.on('close', (code, reason) => (player.over ??= code === 1000 ? 'end' : `${code} ${reason.toString()}`));
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve).once('error', reject);
      socket.once('unexpected-response', (_sent: ClientRequest, answer: IncomingMessage) => {
        void textOf(answer).then((text) => reject(new Error(`${answer.statusCode}: ${text}`)));
      });
    });
    return player;
  }

  close(): void {
    this.#close();
  }

  #take(bytes: Buffer): void {
    this.tags.push(...this.decoder.push(bytes));
  }
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of answer) text += String(part);
  return text;
}
