// One open `GET /v1/events/stream`: server-sent events (HTML Living Standard §9.2), read from the database as fast as the client reads.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { EventBody } from './event.entity.ts';
import type { EventPlace, FollowedEvents } from './events.service.ts';

/** How many events are read at once. */
const BATCH = 100;
/** How often the database is polled all the same: news of other gateways may be lost. */
const LOOK_MS = 15_000;
/** After news, while a transaction that still runs may hide what was committed after it; doubles up to the second value. */
const LOOK_AGAIN_MS = 100;
const LONGEST_AGAIN_MS = 2_000;
/** How often the key is checked again. */
const CHECK_MS = 5_000;

export interface EventSource {
  follow(after: EventPlace, limit: number): Promise<FollowedEvents>;
  /** @throws when the client has lost its permission to read */
  check(): Promise<void>;
  /** Calls back when an event was committed, here or by another gateway that has said so. @returns stops listening */
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
  let lookAtMs = 0;
  let againMs = LOOK_AGAIN_MS;
  let seen = 0n;
  /** Every transaction before this one may be what the news is about. */
  let awaited = 0n;
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
  const write = async (text: string): Promise<void> => {
    sentAtMs = Date.now();
    // While the client does not read, no more events are read for it.
    if (!response.write(text)) await drained(response, over.signal);
  };
  const deaf = source.listen(call);
  response.once('close', end);
  stop.addEventListener('abort', end, { once: true });
  try {
    while (!response.destroyed && !stop.aborted) {
      if (Date.now() - checkedAtMs >= CHECK_MS) {
        await source.check();
        checkedAtMs = Date.now();
      }
      if (news || Date.now() >= lookAtMs) {
        const isNews = news;
        news = false;
        const { bodies, last, horizon, newest } = await source.follow(place, BATCH);
        // Another PostgreSQL, restored from a dump. The client goes on from its last event, whose place may be a new one.
        if (horizon < seen) return;
        seen = horizon;
        place = last;
        if (bodies.length > 0) await write(bodies.map(frameOf).join(''));
        if (bodies.length === BATCH) {
          news = true;
          continue;
        }
        if (isNews) [awaited, againMs] = [newest, LOOK_AGAIN_MS];
        const isHidden = horizon < awaited;
        lookAtMs = Date.now() + (isHidden ? againMs : LOOK_MS);
        if (isHidden) againMs = Math.min(againMs * 2, LONGEST_AGAIN_MS);
      }
      if (Date.now() - sentAtMs >= heartbeatMs) await write(HEARTBEAT);
      const nextMs = Math.min(lookAtMs, checkedAtMs + CHECK_MS, sentAtMs + heartbeatMs);
      if (news || response.destroyed || stop.aborted) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(0, nextMs - Date.now()));
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
const HEARTBEAT = ': \n\n';

/** Resolves when the client has read what it was sent, or when the stream is over. */
async function drained(response: ServerResponse, over: AbortSignal): Promise<void> {
  try {
    await once(response, 'drain', { signal: over });
  } catch (error) {
    if (!over.aborted) throw error;
  }
}
