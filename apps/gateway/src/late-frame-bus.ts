// The frame bus of a gateway that may start before NATS: viewers of HLS do not wait for it, so the gateway does not either.
import { setTimeout as delay } from 'node:timers/promises';
import { FrameBusError, isFrameBusAway } from '@millrace/frame-bus';
import type { FrameBus, FrameSubscriber, FrameSubscription, StartPosition } from '@millrace/frame-bus';
import type { Logger } from '@millrace/service-kit';

/** Streams may be missing for as long as no packager has made them. */
const RETRY_MS = 1_000;

export class LateFrameBus implements Pick<FrameBus, 'subscribe'> {
  readonly #open: () => Promise<FrameBus>;
  readonly #logger: Logger;
  readonly #closing = new AbortController();
  #bus: FrameBus | undefined;
  readonly #opened: Promise<void>;

  /** Opens it in the background, again and again while NATS is away. */
  constructor(open: () => Promise<FrameBus>, logger: Logger) {
    this.#open = open;
    this.#logger = logger;
    this.#opened = this.#connect();
  }

  /** @throws FrameBusError also while it has not been reached yet */
  async subscribe(streamId: string, start: StartPosition, subscriber: FrameSubscriber): Promise<FrameSubscription> {
    if (this.#bus === undefined) throw new FrameBusError('unavailable', 'NATS has not been reached yet');
    return this.#bus.subscribe(streamId, start, subscriber);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#opened;
    await this.#bus?.close();
  }

  async #connect(): Promise<void> {
    const { signal } = this.#closing;
    let hasFailed = false;
    while (!signal.aborted) {
      try {
        this.#bus = await this.#open();
        return;
      } catch (error) {
        if (!isFrameBusAway(error)) {
          this.#logger.error({ err: error }, 'cannot read frames; FLV viewers are refused');
          return;
        }
        if (!hasFailed)
          this.#logger.warn({ err: error }, 'cannot read frames yet; FLV viewers are refused until it works');
        hasFailed = true;
      }
      await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
