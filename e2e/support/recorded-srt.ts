// A listener on the way of an SRT caller, who records what it sends and sends it again: from another port, with a cookie of its own.
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';

/** draft-sharabayko-srt-01 section 3.2.1, in a packet with a header of 16 bytes. */
const TYPE_AT = 36;
const COOKIE_AT = 44;
const CONCLUSION = 0xffff_ffff;
const HANDSHAKE = 0x8000;
const ANSWER_MS = 5_000;

const isHandshake = (packet: Buffer): boolean => packet.length > COOKIE_AT && packet.readUInt16BE(0) === HANDSHAKE;

export class RecordedSrt {
  readonly #listener: Socket;
  readonly #sockets: Socket[] = [];
  readonly #handshakes: Buffer[] = [];
  readonly #target: number;

  private constructor(listener: Socket, target: number) {
    this.#listener = listener;
    this.#target = target;
    let server: Socket | undefined;
    let caller = 0;
    listener.on('message', (packet, from) => {
      // A caller that comes later is another one.
      if (from.port !== caller) {
        server = this.#open();
        server.on('message', (answer) => listener.send(answer, from.port, from.address));
      }
      caller = from.port;
      if (isHandshake(packet)) this.#handshakes.push(packet);
      server?.send(packet, target, '127.0.0.1');
    });
  }

  static async start(target: number): Promise<RecordedSrt> {
    const listener = createSocket('udp4').bind(0, '127.0.0.1');
    await once(listener, 'listening');
    return new RecordedSrt(listener, target);
  }

  get port(): number {
    return this.#listener.address().port;
  }

  /** Sends the handshake of the first caller again. @returns the type of the answer: `CONCLUSION` where it is let in, 1000 and the reason where not */
  async replay(): Promise<number> {
    const [induction, conclusion] = [this.#handshakes.at(0), this.#handshakes.find((each) => isConclusion(each))];
    if (induction === undefined || conclusion === undefined) throw new Error('no handshake was recorded');
    const socket = this.#open();
    const ask = async (packet: Buffer): Promise<Buffer> => {
      const answer = once(socket, 'message', { signal: AbortSignal.timeout(ANSWER_MS) });
      socket.send(packet, this.#target, '127.0.0.1');
      return ((await answer) as [Buffer])[0];
    };
    const again = Buffer.from(conclusion);
    (await ask(induction)).copy(again, COOKIE_AT, COOKIE_AT, COOKIE_AT + 4);
    return (await ask(again)).readUInt32BE(TYPE_AT);
  }

  close(): void {
    for (const socket of [this.#listener, ...this.#sockets]) socket.close();
  }

  #open(): Socket {
    const socket = createSocket('udp4');
    this.#sockets.push(socket);
    return socket;
  }
}

const isConclusion = (packet: Buffer): boolean => packet.readUInt32BE(TYPE_AT) === CONCLUSION;
