// The publisher of one epoch when the readers are in the same process: nothing waits, so nothing can be in flight.
import type { Frame } from '@millrace/domain';
import type { FramePublisher, PayloadMemory } from '../frame-bus.ts';
import type { FrameBusObserver } from '../frame-bus-observer.ts';
import type { PublishOrder } from '../order/publish-order.ts';
import type { MemoryStream } from './memory-stream.ts';

export class MemoryPublisher implements FramePublisher {
  readonly inflightBytes = 0;
  /** Never called: `publish` of an open publisher never returns false. */
  onDrain: (() => void) | undefined;
  memory: PayloadMemory | undefined;
  readonly #stream: MemoryStream;
  readonly #order: PublishOrder;
  readonly #observer: FrameBusObserver;
  readonly #onClose: () => void;
  #closed = false;

  constructor(stream: MemoryStream, order: PublishOrder, observer: FrameBusObserver, onClose: () => void) {
    this.#stream = stream;
    this.#order = order;
    this.#observer = observer;
    this.#onClose = onClose;
    stream.publishers++;
  }

  publish(frame: Frame): boolean {
    if (this.#closed) {
      this.#observer.framesDropped(1, 'publisher-closed');
      return false;
    }
    this.#order.check(frame);
    this.#stream.append(frame, this.memory);
    return true;
  }

  flush(): void {
    // Nothing is ever held back here.
  }

  async confirmed(): Promise<boolean> {
    return !this.#closed;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#stream.publishers--;
    this.#stream.lastUsedMs = Date.now();
    this.#onClose();
  }
}
