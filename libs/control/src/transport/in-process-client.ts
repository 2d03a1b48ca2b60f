// The client side of the in-process transport.
import { ClientProxy } from '@nestjs/microservices';
import type { ReadPacket, WritePacket } from '@nestjs/microservices';
import type { InProcessBus } from './in-process-bus.ts';

export class InProcessClient extends ClientProxy {
  readonly #bus: InProcessBus;

  constructor(bus: InProcessBus) {
    super();
    this.#bus = bus;
  }

  async connect(): Promise<void> {}

  async close(): Promise<void> {}

  unwrap<T>(): T {
    return this.#bus as T;
  }

  protected publish(partial: ReadPacket, callback: (packet: WritePacket) => void): () => void {
    const packet = this.assignPacketId(partial);
    let waiting = true;
    const respond = (answer: WritePacket) => {
      if (waiting) callback(answer);
    };
    const subject = this.normalizePattern(partial.pattern as string);
    if (this.#bus.deliver(subject, packet, respond) === 0)
      callback({ err: new Error(`no handler for ${subject}`), isDisposed: true });
    return () => void (waiting = false);
  }

  protected async dispatchEvent<T>(packet: ReadPacket): Promise<T> {
    this.#bus.deliver(this.normalizePattern(packet.pattern as string), packet, () => undefined);
    return undefined as T;
  }
}
