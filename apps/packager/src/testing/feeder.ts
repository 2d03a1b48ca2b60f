// Sends a log little by little, as an encoder does, though faster.
import type { Frame } from '@millrace/domain';
import type { TestPublisher } from './test-publisher.ts';

const FRAMES_A_STEP = 40;
const STEP_MS = 20;

export class Feeder {
  /** What has been sent. */
  readonly sent: Frame[] = [];
  /** Resolves when everything is sent. */
  readonly done: Promise<void>;
  #timer: NodeJS.Timeout;

  /** Sends a little more than 25 times as fast as real footage plays. */
  constructor(publisher: TestPublisher, log: readonly Frame[]) {
    let next = 0;
    let resolve: () => void = () => undefined;
    this.done = new Promise<void>((settle) => (resolve = settle));
    this.#timer = setInterval(() => {
      this.sent.push(...publisher.send(log.slice(next, next + FRAMES_A_STEP)));
      next += FRAMES_A_STEP;
      if (next < log.length) return;
      this.stop();
      resolve();
    }, STEP_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
