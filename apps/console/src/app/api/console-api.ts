// The REST API as the console's pages call it. It is the API that every client has; docs/errors.md lists its codes.

/** Why a request failed: what the server answered, or that it could not be reached. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';

  constructor(
    /** Of docs/errors.md, or `unreachable`. */
    readonly code: string,
    readonly status: number,
    /** The server's own explanation, for people. */
    readonly detail: string,
    readonly requestId: string | undefined,
    /** What is wrong with each field of the request, by its JSON pointer. */
    readonly faults: readonly FieldFault[] = [],
  ) {
    super(detail);
  }
}

export interface FieldFault {
  readonly pointer: string;
  readonly detail: string;
}

export interface ListAnswer<T> {
  readonly data: readonly T[];
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

/** An object as it was at a moment. */
export interface Versioned<T> {
  readonly data: T;
  readonly etag: string | null;
}

export type QueryValues = Readonly<Record<string, string | number | undefined>>;
type RequestHeaders = Readonly<Record<string, string>>;
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface ConsoleApiOptions {
  /** Headers that prove who asks. */
  readonly credentials: () => Readonly<Record<string, string>>;
  /** The server no longer accepts them. */
  readonly onUnauthenticated: () => void;
}

export class ConsoleApi {
  readonly #options: ConsoleApiOptions;

  constructor(options: ConsoleApiOptions) {
    this.#options = options;
  }

  get<T>(path: string, query: QueryValues = {}): Promise<T> {
    return this.#request<T>('GET', withQuery(path, query));
  }

  post<T>(path: string, body: unknown = {}): Promise<T> {
    return this.#request<T>('POST', path, body);
  }

  put<T>(path: string, body: unknown): Promise<T> {
    return this.#request<T>('PUT', path, body);
  }

  patch<T>(path: string, body: unknown): Promise<T> {
    return this.#request<T>('PATCH', path, body);
  }

  /** An object and its version, for `patchVersion`. */
  async getVersion<T>(path: string): Promise<Versioned<T>> {
    const answer = await this.#answerTo('GET', path);
    return { data: (await answer.json()) as T, etag: answer.headers.get('etag') };
  }

  /** Fails with `etag_mismatch` where the object has changed since that version. */
  patchVersion<T>(path: string, body: unknown, { etag }: Pick<Versioned<T>, 'etag'>): Promise<T> {
    return this.#request<T>('PATCH', path, body, etag === null ? {} : { 'if-match': etag });
  }

  async delete(path: string): Promise<void> {
    await this.#request('DELETE', path);
  }

  async #request<T>(method: Method, path: string, body?: unknown, headers?: RequestHeaders): Promise<T> {
    const answer = await this.#answerTo(method, path, body, headers);
    return (answer.status === 204 ? undefined : await answer.json()) as T;
  }

  async #answerTo(method: Method, path: string, body?: unknown, headers: RequestHeaders = {}): Promise<Response> {
    const answer = await this.#send(method, path, body, headers);
    if (answer.ok) return answer;
    const failure = await readFailure(answer);
    if (failure.code === 'unauthenticated') this.#options.onUnauthenticated();
    throw failure;
  }

  async #send(method: Method, path: string, body: unknown, headers: RequestHeaders): Promise<Response> {
    try {
      return await fetch(path, {
        method,
        headers: {
          accept: 'application/json',
          ...this.#options.credentials(),
          ...headers,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw new ApiFailure('unreachable', 0, error instanceof Error ? error.message : String(error), undefined);
    }
  }
}

export function withQuery(path: string, query: QueryValues): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  if (given.length === 0) return path;
  return `${path}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()}`;
}

interface Problem {
  readonly code?: unknown;
  readonly detail?: unknown;
  readonly request_id?: unknown;
  readonly errors?: unknown;
}

/** What stands between, a proxy for example, answers without a problem document. */
async function readFailure(answer: Response): Promise<ApiFailure> {
  const problem = await readProblem(answer);
  const faults = Array.isArray(problem.errors) ? (problem.errors as readonly FieldFault[]) : [];
  return new ApiFailure(
    typeof problem.code === 'string' ? problem.code : 'unreachable',
    answer.status,
    typeof problem.detail === 'string' ? problem.detail : `${answer.status} ${answer.statusText}`,
    typeof problem.request_id === 'string' ? problem.request_id : undefined,
    faults,
  );
}

async function readProblem(answer: Response): Promise<Problem> {
  if (!/json/.test(answer.headers.get('content-type') ?? '')) return {};
  return (await answer.json()) as Problem;
}
