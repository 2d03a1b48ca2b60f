// `GET /v1/events/stream`, again and again: what comes while the connection is away is sent after it.
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../command-line/cli-error.ts';
import { ExitCode } from '../command-line/exit-code.ts';
import { ApiError, bodyOf, REQUEST_TIMEOUT_MS } from './api-client.ts';
import type { ApiClient, ApiQuery } from './api-client.ts';
import type { EventObject } from './objects.ts';
import { ServerSentEventParser } from './server-sent-events.ts';
import { unreachable } from './unreachable.ts';

/** The server sends a comment every 15 s: a connection that is silent for this long is dead. */
const SILENCE_MS = 60_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

export interface FollowOptions {
  readonly query: ApiQuery;
  /** Begin after this event instead of with the next one. */
  readonly after: string | undefined;
  readonly stop: AbortSignal;
  /** Told each time the server has begun to send. */
  readonly onOpen: () => void;
  /** Told why the connection ended, and in how many milliseconds it is tried again. */
  readonly onPause: (reason: string, pauseMs: number) => void;
}

/**
 * Events as they are committed, without end: each once, also over reconnects.
 *
 * @throws CliError when the first try fails, and whenever the server refuses the request
 */
export async function* followEvents(api: ApiClient, options: FollowOptions): AsyncGenerator<EventObject, void> {
  let after = options.after;
  let pauseMs = FIRST_PAUSE_MS;
  for (let first = true; !options.stop.aborted; first = false) {
    try {
      for await (const event of oneConnection(api, options, after)) {
        after = event.id;
        pauseMs = FIRST_PAUSE_MS;
        yield event;
      }
      if (options.stop.aborted) return;
      options.onPause('the server closed the connection', pauseMs);
    } catch (error) {
      if (options.stop.aborted) return;
      if (first || !isPassing(error)) throw error;
      options.onPause(error instanceof Error ? error.message : String(error), pauseMs);
    }
    // Half of it at random: clients of a server that restarts do not return at one moment.
    await delay(pauseMs / 2 + randomInt(pauseMs / 2), undefined, { signal: options.stop });
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

/** A server that is away, restarts or has too much to do; not one that says no. */
const isPassing = (error: unknown): boolean =>
  error instanceof ApiError
    ? error.status >= 500 || error.status === 429 || error.status === 408
    : error instanceof CliError && error.exitCode === ExitCode.unreachable;

async function* oneConnection(
  api: ApiClient,
  { query, stop, onOpen }: FollowOptions,
  after: string | undefined,
): AsyncGenerator<EventObject> {
  const url = api.url('/v1/events/stream', query);
  const silence = new AbortController();
  const signal = AbortSignal.any([stop, silence.signal]);
  let timer = setTimeout(() => silence.abort(new DOMException('no answer', 'TimeoutError')), REQUEST_TIMEOUT_MS);
  try {
    const response = await api.open(url, {
      headers: { accept: 'text/event-stream', ...(after !== undefined && { 'last-event-id': after }) },
      signal,
    });
    onOpen();
    const parser = new ServerSentEventParser();
    const decoder = new TextDecoder();
    for await (const piece of bodyOf(response)) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(new DOMException('silence', 'TimeoutError')), SILENCE_MS);
      for (const { data } of parser.push(decoder.decode(piece, { stream: true })))
        yield JSON.parse(data) as EventObject;
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw unreachable(url, error);
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}
