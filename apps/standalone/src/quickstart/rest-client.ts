// The few REST calls that make a demo stream: the same API, with the same key, that an operator uses.

const REQUEST_TIMEOUT_MS = 15_000;

export class RestError extends Error {
  override readonly name = 'RestError';
  /** Of the answer; undefined when the answer was good, but not as expected. */
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}

export class RestClient {
  readonly #baseUrl: string;
  readonly #key: string;

  /** @param baseUrl without the trailing slash. @param key goes into the Authorization header */
  constructor(baseUrl: string, key: string) {
    this.#baseUrl = baseUrl;
    this.#key = key;
  }

  /** @throws {RestError} with the problem's code and words, when the answer is not a good one */
  async post(path: string, body: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
    return JSON.parse(await this.#ask('POST', path, JSON.stringify(body))) as Record<string, unknown>;
  }

  /** @throws {RestError} likewise */
  async delete(path: string): Promise<void> {
    await this.#ask('DELETE', path);
  }

  async #ask(method: string, path: string, body?: string): Promise<string> {
    const response = await fetch(this.#baseUrl + path, {
      method,
      headers: {
        authorization: `Bearer ${this.#key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body ?? null,
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const text = await response.text();
    if (response.ok) return text;
    throw new RestError(`${method} ${path} was answered ${response.status}: ${text.slice(0, 500)}`, response.status);
  }
}

/** A field that must be a text. */
export function textOf(answer: Readonly<Record<string, unknown>>, field: string): string {
  const value = answer[field];
  if (typeof value === 'string') return value;
  throw new RestError(`the answer has no text ${field}; it has ${Object.keys(answer).join(', ')}`);
}

/** The first element of a field that must be a list of objects. */
export function firstOf(answer: Readonly<Record<string, unknown>>, field: string): Readonly<Record<string, unknown>> {
  const list = answer[field];
  const first: unknown = Array.isArray(list) ? list[0] : undefined;
  if (typeof first === 'object' && first !== null) return first as Readonly<Record<string, unknown>>;
  throw new RestError(`the answer has no list ${field} with anything in it`);
}
