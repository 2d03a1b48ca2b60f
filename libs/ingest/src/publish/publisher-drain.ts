// Publishers leave a stopping edge: those that can be asked, in their own time; the others one by one, at a keyframe.
import { setTimeout as delay } from 'node:timers/promises';
import type { ActivePublishers } from './active-publishers.ts';

export class PublisherDrain {
  readonly #publishers: ActivePublishers;
  #onEmpty: (() => void) | undefined;

  /** @param onLeft told how many are left, each time that changes */
  constructor(publishers: ActivePublishers, onLeft: (left: number) => void) {
    this.#publishers = publishers;
    publishers.onRemoved = () => {
      onLeft(publishers.size);
      if (publishers.size === 0) this.#onEmpty?.();
    };
    onLeft(publishers.size);
  }

  /** Asks those that understand it to connect elsewhere. The others go on as if nothing were. */
  ask(): void {
    for (const active of this.#publishers.list()) active.askToReconnect();
  }

  /** Resolves when all have gone, at the latest after this time. */
  async gone(timeoutMs: number): Promise<void> {
    if (this.#publishers.size === 0 || timeoutMs === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /**
   * Ends who is left within `spreadMs`. Their turns are spread over the first half, so that not all encoders come to the other
   * edges at once; each has the second half to reach a keyframe, where nothing that was taken is half a group of pictures.
   */
  async end(spreadMs: number): Promise<void> {
    const left = this.#publishers.list();
    const patienceMs = Math.floor(spreadMs / 2);
    const stepMs = patienceMs / left.length;
    const ends = left.map(async (active, i) => {
      await delay(Math.floor(i * stepMs));
      active.end(patienceMs);
    });
    await Promise.all(ends);
    await this.gone(patienceMs + 1);
  }
}
