// The keys that requests are sealed to: one for each hour, the same on all gateways without their telling each other.
import { hkdfSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { privateKeyOf, publicKeyText } from './seal-box.ts';
import type { GatewayKey } from './seal-messages.ts';

/** How long a key is published. It opens requests for one such time before and after, for clocks that differ. */
export const KEY_PERIOD_MS = 3_600_000;
/** Askers come back this soon, so that they hear of a key well before its last hour is over. */
export const USE_KEY_FOR_MS = 600_000;

const SEED_BYTES = 32;
const PURPOSE = 'millrace control keys 1';

export interface OpeningKey {
  readonly privateKey: KeyObject;
  /** In base64url. */
  readonly publicKey: string;
}

export class GatewayKeys {
  readonly #secret: string;
  readonly #nowMs: () => number;
  /** By the number of their hour: the last, this and the next. */
  readonly #keys = new Map<number, OpeningKey>();

  /** @param secret what all gateways share and no other service has */
  constructor(secret: string, nowMs: () => number = Date.now) {
    this.#secret = secret;
    this.#nowMs = nowMs;
  }

  /** What askers are told. */
  published(): GatewayKey {
    const nowMs = this.#nowMs();
    const period = Math.floor(nowMs / KEY_PERIOD_MS);
    return { id: String(period), key: this.#keyOf(period).publicKey, nowMs, useForMs: USE_KEY_FOR_MS };
  }

  /** @returns undefined when the key is not in use, or not any more */
  find(id: string): OpeningKey | undefined {
    const period = Number(id);
    const now = Math.floor(this.#nowMs() / KEY_PERIOD_MS);
    return Number.isSafeInteger(period) && Math.abs(period - now) <= 1 ? this.#keyOf(period) : undefined;
  }

  #keyOf(period: number): OpeningKey {
    const known = this.#keys.get(period);
    if (known) return known;
    const seed = new Uint8Array(hkdfSync('sha256', this.#secret, String(period), PURPOSE, SEED_BYTES));
    const privateKey = privateKeyOf(seed);
    const made: OpeningKey = { privateKey, publicKey: publicKeyText(privateKey) };
    this.#keys.set(period, made);
    for (const other of this.#keys.keys()) if (Math.abs(other - period) > 2) this.#keys.delete(other);
    return made;
  }
}
