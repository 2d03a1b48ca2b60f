// The REST API over `fetch`: every answer that is not a good one becomes an error that says what to do.
import { CliError } from '../command-line/cli-error.ts';
import { ExitCode } from '../command-line/exit-code.ts';
import type { ServerAccess } from '../access/server-access.ts';
import { printable } from '../output/printable.ts';
import { unreachable } from './unreachable.ts';

/** How long one request may take. */
export const REQUEST_TIMEOUT_MS = 15_000;
/** How long an export may take, which is as long as there are rows. */
const EXPORT_TIMEOUT_MS = 10 * 60_000;
/** Largest answer that is read. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
/** The API's own limit. */
const PAGE_SIZE = 100;

export interface ApiPage<T> {
  readonly data: readonly T[];
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

export type ApiQuery = Readonly<Record<string, string | number | undefined>>;

/** RFC 9457, as the API fills it in. */
interface Problem {
  readonly type?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly code?: string;
  readonly request_id?: string;
  readonly errors?: readonly { readonly pointer?: string; readonly detail?: string }[];
}

/** An answer that says no. */
export class ApiError extends CliError {
  readonly status: number;
  readonly code: string | undefined;

  constructor(url: URL, status: number, problem: Problem) {
    const title = problem.title ?? `The server answered ${status}`;
    const detail = problem.detail === undefined ? '' : `: ${problem.detail}`;
    const advice = ADVICE[problem.code ?? ''] ?? (status === 404 ? ADVICE['not_found'] : undefined);
    super(exitCodeOf(status), printable(`${title}${detail}`), {
      ...(advice !== undefined && { advice }),
      details: detailsOf(url, problem).map(printable),
    });
    this.status = status;
    this.code = problem.code;
  }
}

/** What to do where this program knows more than the answer says. */
const ADVICE: Readonly<Record<string, string>> = {
  unauthenticated: 'Log in with "millrace login", or set MILLRACE_API_KEY to a key that is valid on this server.',
  key_expired: 'Log in with "millrace login", or set MILLRACE_API_KEY to the key that replaced it.',
  insufficient_scope: 'Use a key with this scope, or --operator if you operate the server.',
  address_not_allowed: 'Run it from an address that the key allows, or have the operator change allowed_addresses.',
  tenant_suspended: 'Ask the operator of this server.',
  not_found: 'Check the name or id, and that the key belongs to the tenant that has it.',
  quota_exceeded: 'Delete what is no longer needed, or ask for a higher limit.',
  too_many_requests: 'Wait a little and run it again.',
  dependency_unavailable: 'Run it again in a moment; "millrace doctor" on the server says what is down.',
  internal_error: 'Run it again; report it with the request id if it happens again.',
};

function exitCodeOf(status: number): ExitCode {
  if (status === 401) return ExitCode.notAuthenticated;
  if (status === 403) return ExitCode.notPermitted;
  return status === 404 ? ExitCode.notFound : ExitCode.failure;
}

function detailsOf(url: URL, { type, code, request_id, errors = [] }: Problem): string[] {
  const faults = errors.map(({ pointer = '', detail = '' }) => `${pointer.replace(/^[#/]+/, '')}: ${detail}`);
  if (code === undefined) return [...faults, `from ${url.origin}${url.pathname}`];
  const page = type === undefined ? '' : `, see ${URL.canParse(type, url) ? new URL(type, url).href : type}`;
  return [...faults, `code ${code}${request_id === undefined ? '' : `, request ${request_id}`}${page}`];
}

export class ApiClient {
  readonly access: ServerAccess;
  readonly #stop: AbortSignal;

  constructor(access: ServerAccess, stop: AbortSignal) {
    this.access = access;
    this.#stop = stop;
  }

  get<T>(path: string, query: ApiQuery = {}): Promise<T> {
    return this.#ask('GET', path, query);
  }

  /** What is no JSON, such as CSV, as it comes. */
  async *text(path: string, query: ApiQuery): AsyncGenerator<string, void> {
    const url = this.url(path, query);
    const signal = AbortSignal.any([this.#stop, AbortSignal.timeout(EXPORT_TIMEOUT_MS)]);
    const response = await this.open(url, { signal });
    const decoder = new TextDecoder();
    try {
      for await (const piece of bodyOf(response)) yield decoder.decode(piece, { stream: true });
    } catch (error) {
      this.#stop.throwIfAborted();
      throw unreachable(url, error);
    }
  }

  post<T>(path: string, body: object = {}): Promise<T> {
    return this.#ask('POST', path, {}, body);
  }

  patch<T>(path: string, body: object): Promise<T> {
    return this.#ask('PATCH', path, {}, body);
  }

  async delete(path: string): Promise<void> {
    await this.#ask('DELETE', path, {});
  }

  /** Reads page after page until there are `limit` objects or no more. */
  async list<T>(path: string, query: ApiQuery, limit: number): Promise<ApiPage<T>> {
    const data: T[] = [];
    let cursor: string | undefined;
    for (;;) {
      const size = Math.min(PAGE_SIZE, limit - data.length);
      const page = await this.get<ApiPage<T>>(path, { ...query, limit: size, cursor });
      data.push(...page.data);
      if (page.next_cursor === null || data.length >= limit) return { ...page, data };
      cursor = page.next_cursor;
    }
  }

  url(path: string, query: ApiQuery = {}): URL {
    const url = new URL(`${this.access.url}${path}`);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value));
    return url;
  }

  /** An answer that may be read as it comes. @throws ApiError unless it is a good one */
  async open(url: URL, init: RequestInit): Promise<Response> {
    const { key } = this.access;
    let response: Response;
    try {
      response = await fetch(url, {
        redirect: 'manual',
        ...init,
        headers: { ...(key === undefined ? {} : { authorization: `Bearer ${key}` }), ...init.headers },
      });
    } catch (error) {
      this.#stop.throwIfAborted();
      throw unreachable(url, error);
    }
    if (response.ok) return response;
    throw await this.#refusal(url, response);
  }

  async #ask<T>(method: string, path: string, query: ApiQuery, body?: object): Promise<T> {
    const url = this.url(path, query);
    const response = await this.open(url, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      signal: AbortSignal.any([this.#stop, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    });
    const text = await this.#textOf(url, response);
    if (text === '') return undefined as T;
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      throw notMillrace(url, error);
    }
  }

  async #textOf(url: URL, response: Response): Promise<string> {
    try {
      return await limitedText(response, MAX_ANSWER_BYTES);
    } catch (error) {
      this.#stop.throwIfAborted();
      if (error instanceof CliError) throw error;
      throw unreachable(url, error);
    }
  }

  async #refusal(url: URL, response: Response): Promise<CliError> {
    const { status } = response;
    const target = response.headers.get('location');
    if (status >= 300 && status < 400 && target !== null)
      return new CliError(ExitCode.failure, `${url.origin} redirects to ${printable(target)}`, {
        advice: 'Use the URL that it redirects to.',
      });
    const text = await this.#textOf(url, response);
    try {
      return new ApiError(url, status, JSON.parse(text) as Problem);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return new ApiError(url, status, { detail: text.slice(0, 200).trim() });
    }
  }
}

const notMillrace = (url: URL, cause: unknown): CliError =>
  new CliError(ExitCode.failure, `${url.origin} does not answer as Millrace does`, {
    advice: 'Check the URL: it must be that of a gateway, or of the proxy before it.',
    cause,
  });

/** The types of `fetch` leave out what its body consists of. */
export const bodyOf = (response: Response): AsyncIterable<Uint8Array> =>
  (response.body ?? []) as unknown as AsyncIterable<Uint8Array>;

/** @throws CliError when it is longer */
export async function limitedText(response: Response, maxBytes: number): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of bodyOf(response)) {
    bytes += piece.length;
    if (bytes > maxBytes) throw new CliError(ExitCode.failure, `the answer is longer than ${maxBytes} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
