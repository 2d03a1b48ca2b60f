// The gateway's side: opens a request that is fresh and was not there before, and seals the answer to who asked.
import type { GatewayKeys, OpeningKey } from './gateway-keys.ts';
import { exchangeKeys, openBox, publicKeyOf, sealBox } from './seal-box.ts';
import { datedRequestSchema, sealedRequestSchema } from './seal-messages.ts';
import type { SealRefusal } from './seal-messages.ts';

/** How old a request may be, by the gateway's clock; and how far ahead, where gateways' clocks differ. */
export const MAX_REQUEST_AGE_MS = 30_000;
/** As long as one that was dated ahead stays fresh. */
const REMEMBERED_MS = 2 * MAX_REQUEST_AGE_MS;
/** How many requests are remembered, to tell repetitions; more in so short a time are refused. */
const MAX_REMEMBERED_REQUESTS = 200_000;

/** Tells, for all gateways together, whether a request is there for the first time. Rejects when it cannot tell. */
export type FirstTime = (id: string, ttlMs: number) => Promise<boolean>;

export interface RequestOpenerOptions {
  readonly keys: GatewayKeys;
  /** Asked about requests that change something: what is remembered here is not known to other gateways. */
  readonly firstTime?: FirstTime;
  readonly nowMs?: () => number;
  readonly maxRemembered?: number;
}

interface OpenedBox {
  readonly atMs: number;
  readonly data: unknown;
  readonly sealAnswer: (answer: unknown) => string;
}

export type OpenedRequest = OpenedBox | { readonly refusal: SealRefusal };

export class RequestOpener {
  readonly #keys: GatewayKeys;
  readonly #firstTime: FirstTime | undefined;
  readonly #nowMs: () => number;
  readonly #maxRemembered: number;
  /** Until when each is remembered, in the order in which they came. */
  readonly #seen = new Map<string, number>();

  constructor({ keys, firstTime, nowMs = Date.now, maxRemembered = MAX_REMEMBERED_REQUESTS }: RequestOpenerOptions) {
    this.#keys = keys;
    this.#firstTime = firstTime;
    this.#nowMs = nowMs;
    this.#maxRemembered = maxRemembered;
  }

  /**
   * @param changes whether the request changes something, so that a repetition at another gateway would do harm
   * @throws when `firstTime` cannot tell
   */
  async open(subject: string, message: unknown, changes: boolean): Promise<OpenedRequest> {
    const sealed = sealedRequestSchema.safeParse(message);
    if (!sealed.success) return { refusal: 'unreadable' };
    const { to, from, box } = sealed.data;
    const key = this.#keys.find(to);
    if (!key) return { refusal: 'unknown_key' };
    const opened = this.#openBox(subject, from, key, box);
    if (!opened) return { refusal: 'unreadable' };
    if (Math.abs(this.#nowMs() - opened.atMs) > MAX_REQUEST_AGE_MS) return { refusal: 'stale' };
    const refusal = this.#remember(from);
    if (refusal) return { refusal };
    if (changes && this.#firstTime && !(await this.#firstTime(from, REMEMBERED_MS))) return { refusal: 'repeated' };
    return opened;
  }

  #openBox(subject: string, from: string, key: OpeningKey, box: string): OpenedBox | undefined {
    try {
      const keys = exchangeKeys(key.privateKey, publicKeyOf(from), from, key.publicKey);
      const { atMs, data } = datedRequestSchema.parse(openBox(keys.request, subject, box));
      return { atMs, data, sealAnswer: (answer) => sealBox(keys.answer, subject, answer) };
    } catch {
      // A sender that cannot seal is told nothing about what was wrong.
      return undefined;
    }
  }

  #remember(from: string): SealRefusal | undefined {
    const nowMs = this.#nowMs();
    for (const [id, untilMs] of this.#seen) {
      if (untilMs > nowMs) break;
      this.#seen.delete(id);
    }
    if (this.#seen.has(from)) return 'repeated';
    if (this.#seen.size >= this.#maxRemembered) return 'busy';
    this.#seen.set(from, nowMs + REMEMBERED_MS);
    return undefined;
  }
}
