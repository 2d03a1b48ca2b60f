// One POST to an endpoint: to the checked address, without redirects, within a deadline, and reading only the beginning of the response.
import { request as httpRequest } from 'node:http';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { FairDeadline } from '@millrace/domain';
import { AddressRefused, connectionFault, lookupOf } from '@millrace/service-kit';
import type { OutboundAddress } from '@millrace/service-kit';
import type { WebhookTargets } from './webhook-targets.ts';

/** How much of a response is kept for the delivery log. */
const MAX_KEPT_BODY_BYTES = 2_048;
const USER_AGENT = 'Millrace-Webhooks/1.0';

export interface SentRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  /** Ends the attempt early. */
  readonly signal: AbortSignal;
}

/** The result of an attempt. */
export interface Attempt {
  readonly address: string | null;
  readonly statusCode: number | null;
  readonly responseBody: string;
  /** Why there is no status, or why the response counts as a failure; null when the endpoint has accepted. */
  readonly error: string | null;
}

/** Never rejects: a failure is a result. */
export async function sendWebhook(targets: WebhookTargets, sent: SentRequest): Promise<Attempt> {
  const { signal: deadline, release } = deadlineOf(sent);
  let address: string | null = null;
  try {
    const url = targets.check(sent.url);
    const addresses = await orAborted(targets.resolve(url), deadline);
    address = addresses[0]?.address ?? null;
    const answer = await post(url, addresses, sent, deadline);
    address = answer.socket.remoteAddress ?? address;
    const responseBody = await beginningOf(answer);
    const statusCode = answer.statusCode ?? 0;
    return { address, statusCode, responseBody, error: faultOf(statusCode) };
  } catch (error) {
    return { address, statusCode: null, responseBody: '', error: wordsFor(error, sent, deadline.aborted) };
  } finally {
    release();
  }
}

/**
 * A response that has arrived in time counts even if it has not been read yet. (And `AbortSignal.timeout` inside `AbortSignal.any` may be
 * garbage-collected before it fires.)
 */
function deadlineOf({ timeoutMs, signal }: SentRequest): {
  readonly signal: AbortSignal;
  readonly release: () => void;
} {
  const end = new AbortController();
  const abort = (): void => end.abort();
  const deadline = new FairDeadline(timeoutMs, abort);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  const release = (): void => {
    deadline.clear();
    signal.removeEventListener('abort', abort);
  };
  return { signal: end.signal, release };
}

function post(
  url: URL,
  addresses: readonly OutboundAddress[],
  sent: SentRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const body = Buffer.from(sent.body);
  // `Host` and the certificate use the host name of the URL; the connection uses the checked addresses.
  const options: RequestOptions = {
    method: 'POST',
    lookup: lookupOf(addresses),
    signal,
    agent: false,
    headers: {
      'content-type': 'application/json',
      'content-length': body.length,
      'user-agent': USER_AGENT,
      ...sent.headers,
    },
  };
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, resolve);
    request.once('error', reject);
    // For a response of 101, Node.js closes the connection and reports neither a response nor an error.
    request.once('close', () => reject(new Error(NO_ANSWER)));
    request.end(body);
  });
}

/** Reads only what is kept, and closes the connection. */
async function beginningOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of answer as AsyncIterable<Buffer>) {
      parts.push(part);
      size += part.length;
      if (size >= MAX_KEPT_BODY_BYTES) break;
    }
  } finally {
    answer.destroy();
  }
  // Text in PostgreSQL cannot contain NUL characters.
  return Buffer.concat(parts).subarray(0, MAX_KEPT_BODY_BYTES).toString('utf8').replaceAll('\0', '\u{fffd}');
}

/** Only 2xx means accepted ("any other status code, including 3xx redirects, is a failure"). */
function faultOf(statusCode: number): string | null {
  if (statusCode >= 200 && statusCode < 300) return null;
  if (statusCode >= 300 && statusCode < 400) return `answered ${statusCode}; redirects are not followed`;
  return `answered ${statusCode}`;
}

/** The error of a request that had no response in time. */
export const tooLate = (timeoutMs: number): string => `no complete response within ${timeoutMs} ms`;

function wordsFor(error: unknown, { timeoutMs, signal }: SentRequest, isLate: boolean): string {
  if (error instanceof AddressRefused) return `the URL ${error.message}`;
  if (signal.aborted) return 'the gateway stopped';
  if (isLate) return tooLate(timeoutMs);
  return connectionFault(error, HTTP_FAULTS);
}

const NO_ANSWER = 'the connection was closed without a usable answer';

const HTTP_FAULTS: Readonly<Record<string, string>> = {
  aborted: 'the connection broke, or the answer was malformed, before the response was complete',
  'socket hang up': NO_ANSWER,
};

/** The lookup itself cannot be cancelled; a later result is ignored. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    work.then(resolve, reject);
  });
}
