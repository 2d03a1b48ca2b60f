// One open `GET /v1/events/stream`: server-sent events (HTML Living Standard §9.2), read from the database as fast as the client reads.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { EventBody } from './event.entity.ts';
import type { EventPlace } from './events.service.ts';

/** How many events are read at once. */
const BATCH = 100;
/** How often the database is polled for events of other gateways. */
const LOOK_MS = 1_000;
/** How often the key is checked again. */
const CHECK_MS = 5_000;

export interface EventSource {
  follow(
    after: EventPlace,
    limit: number,
  ): Promise<{ readonly bodies: readonly EventBody[]; readonly last: EventPlace }>;
  /** @throws when the client has lost its permission to read */
  check(): Promise<void>;
  /** Calls back when this process has committed an event. @returns stops listening */
  listen(listener: () => void): () => void;
}

/**
 * Sends events until the client is gone or `stop` is aborted.
 *
 * @param after the place of the newest event that the client has
 * @throws what the source throws
 */
export async function streamEvents(
  response: ServerResponse,
  source: EventSource,
  after: EventPlace,
  heartbeatMs: number,
  stop: AbortSignal,
): Promise<void> {
  let place = after;
  let sentAtMs = Date.now();
  let checkedAtMs = sentAtMs;
  let news = true;
  let wake = (): void => undefined;
  const call = (): void => {
    news = true;
    wake();
  };
  const over = new AbortController();
  const end = (): void => {
    over.abort();
    call();
  };
  const deaf = source.listen(call);
  response.once('close', end);
  stop.addEventListener('abort', end, { once: true });
  try {
    while (!response.destroyed && !stop.aborted) {
      news = false;
      if (Date.now() - checkedAtMs >= CHECK_MS) {
        await source.check();
        checkedAtMs = Date.now();
      }
      const { bodies, last } = await source.follow(place, BATCH);
      place = last;
      const text = bodies.length > 0 ? bodies.map(frameOf).join('') : heartbeat(sentAtMs, heartbeatMs);
      if (text !== '') {
        sentAtMs = Date.now();
        // While the client does not read, no more events are read for it.
        if (!response.write(text)) await drained(response, over.signal);
      }
      if (bodies.length === BATCH || news || response.destroyed || stop.aborted) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(LOOK_MS, heartbeatMs));
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  } finally {
    deaf();
    response.removeListener('close', end);
    stop.removeEventListener('abort', end);
  }
}

const frameOf = (body: EventBody): string => `id: ${body.id}\nevent: ${body.type}\ndata: ${JSON.stringify(body)}\n\n`;

/** A comment, which clients ignore. */
const heartbeat = (sentAtMs: number, everyMs: number): string => (Date.now() - sentAtMs >= everyMs ? ': \n\n' : '');

/** Resolves when the client has read what it was sent, or when the stream is over. */
async function drained(response: ServerResponse, over: AbortSignal): Promise<void> {
  try {
    await once(response, 'drain', { signal: over });
  } catch (error) {
    if (!over.aborted) throw error;
  }
}
