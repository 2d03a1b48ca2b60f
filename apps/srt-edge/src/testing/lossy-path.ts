// A way between an encoder and an edge that loses, repeats and reorders datagrams, in both directions.
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export interface LossyPathOptions {
  /** Of a hundred datagrams; handshakes too. */
  readonly losesPercent: number;
  readonly repeatsPercent: number;
  /** The longest time that one may be held back: others overtake it. */
  readonly holdsMs: number;
}

/** Sent once: without it, the end is noticed by silence. */
const isShutdown = (packet: Buffer): boolean => packet[0] === 0x80 && packet[1] === 5;

export class LossyPath {
  port = 0;
  lost = 0;
  readonly #options: LossyPathOptions;
  readonly #target: number;
  readonly #near = createSocket('udp4');
  readonly #far = createSocket('udp4');
  readonly #timers = new Set<NodeJS.Timeout>();
  #caller: AddressInfo | undefined;
  #state = 1;

  private constructor(target: number, options: LossyPathOptions) {
    this.#target = target;
    this.#options = options;
  }

  /** For one caller at a time. */
  static async open(target: number, options: LossyPathOptions): Promise<LossyPath> {
    const path = new LossyPath(target, options);
    await path.#listen();
    return path;
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    const closed = [once(this.#near, 'close'), once(this.#far, 'close')];
    this.#near.close();
    this.#far.close();
    await Promise.all(closed);
  }

  async #listen(): Promise<void> {
    const listening = [once(this.#near, 'listening'), once(this.#far, 'listening')];
    this.#near.on('message', (packet, { address, port, family }) => {
      this.#caller = { address, port, family };
      this.#carry(packet, this.#far, this.#target);
    });
    this.#far.on('message', (packet) => {
      if (this.#caller !== undefined) this.#carry(packet, this.#near, this.#caller.port);
    });
    this.#near.bind(0, '127.0.0.1', () => (this.port = this.#near.address().port));
    this.#far.bind(0, '127.0.0.1');
    await Promise.all(listening);
  }

  #carry(packet: Buffer, socket: Socket, port: number): void {
    const { losesPercent, repeatsPercent, holdsMs } = this.#options;
    const copies = this.#chance() * 100 < repeatsPercent ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (this.#chance() * 100 < losesPercent && !isShutdown(packet)) {
        this.lost++;
        continue;
      }
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        socket.send(packet, port, '127.0.0.1');
      }, this.#chance() * holdsMs);
      this.#timers.add(timer);
    }
  }

  /** The same numbers in each run. */
  #chance(): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#state / 2 ** 32;
  }
}
