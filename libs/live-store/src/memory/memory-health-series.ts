// Samples of sessions in memory: the same texts as in Redis, which take a tenth of what objects would.
import {
  formatSample,
  MAX_MINUTE_LENGTH,
  minuteMark,
  minuteOf,
  minutesBetween,
  placeOf,
  readMinute,
} from '../health-series.ts';
import type { HealthSample, SessionSample } from '../health-series.ts';

interface Series {
  readonly tenantId: string;
  readonly minutes: Map<number, string>;
  expiresAtMs: number;
}

export class MemoryHealthSeries {
  readonly #series = new Map<string, Series>();
  /** Sessions of a tenant, the one that was written to longest ago first. */
  readonly #ofTenant = new Map<string, Set<string>>();
  readonly #nowMs: () => number;
  readonly #ttlMs: number;
  readonly #maxPerTenant: number;

  constructor(nowMs: () => number, ttlMs: number, maxPerTenant: number) {
    this.#nowMs = nowMs;
    this.#ttlMs = ttlMs;
    this.#maxPerTenant = maxPerTenant;
  }

  add({ tenantId, sessionId, sample }: SessionSample): void {
    const series = this.#series.get(sessionId) ?? { tenantId, minutes: new Map<number, string>(), expiresAtMs: 0 };
    this.#series.set(sessionId, series);
    series.expiresAtMs = this.#nowMs() + this.#ttlMs;
    const minute = minuteOf(sample.atMs);
    const mark = minuteMark(minute);
    const old = series.minutes.get(placeOf(minute));
    const text = (old?.startsWith(mark) === true ? old : mark) + formatSample(sample);
    if (text.length <= MAX_MINUTE_LENGTH) series.minutes.set(placeOf(minute), text);
    const sessions = this.#ofTenant.get(tenantId) ?? new Set();
    this.#ofTenant.set(tenantId, sessions);
    sessions.delete(sessionId);
    sessions.add(sessionId);
    for (const oldest of sessions) {
      if (sessions.size <= this.#maxPerTenant) break;
      this.#remove(oldest, tenantId);
    }
  }

  read(sessionId: string, fromMs: number, toMs: number): HealthSample[] {
    const series = this.#series.get(sessionId);
    if (series === undefined || series.expiresAtMs <= this.#nowMs()) return [];
    return minutesBetween(fromMs, toMs)
      .flatMap((minute) => readMinute(minute, series.minutes.get(placeOf(minute))))
      .filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  }

  sweep(): void {
    const nowMs = this.#nowMs();
    for (const [sessionId, { tenantId, expiresAtMs }] of this.#series)
      if (expiresAtMs <= nowMs) this.#remove(sessionId, tenantId);
  }

  #remove(sessionId: string, tenantId: string): void {
    this.#series.delete(sessionId);
    const sessions = this.#ofTenant.get(tenantId);
    sessions?.delete(sessionId);
    if (sessions?.size === 0) this.#ofTenant.delete(tenantId);
  }
}
