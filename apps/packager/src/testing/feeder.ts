// Sends a log little by little, as an encoder does, though faster.
import type { Frame } from '@millrace/domain';
import type { TestPublisher } from './test-publisher.ts';

const STEP_MS = 20;
/** A second of footage with sound has about 74 frames. */
const FRAMES_A_SECOND = 74;

export class Feeder {
  /** What has been sent. */
  readonly sent: Frame[] = [];
  /** Resolves when everything is sent. */
  readonly done: Promise<void>;
  #timer: NodeJS.Timeout;

  /** @param speed how many times as fast as it plays */
  constructor(publisher: TestPublisher, log: readonly Frame[], speed = 25) {
    const step = Math.ceil((speed * FRAMES_A_SECOND * STEP_MS) / 1_000);
    let next = 0;
    let resolve: () => void = () => undefined;
    this.done = new Promise<void>((settle) => (resolve = settle));
    this.#timer = setInterval(() => {
      this.sent.push(...publisher.send(log.slice(next, next + step)));
      next += step;
      if (next < log.length) return;
      this.stop();
      resolve();
    }, STEP_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
