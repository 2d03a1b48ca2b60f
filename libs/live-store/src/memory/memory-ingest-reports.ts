// Reports about publishers in memory: the newest of each stream, for as long as it is recent.
import type { IngestReport } from '../ingest-report.ts';

export class MemoryIngestReports {
  readonly #reports = new Map<string, { readonly report: IngestReport; readonly expiresAtMs: number }>();
  readonly #nowMs: () => number;
  readonly #ttlMs: number;

  constructor(nowMs: () => number, ttlMs: number) {
    this.#nowMs = nowMs;
    this.#ttlMs = ttlMs;
  }

  set(report: IngestReport): void {
    this.#reports.set(report.streamId, { report, expiresAtMs: this.#nowMs() + this.#ttlMs });
  }

  get(streamId: string): IngestReport | undefined {
    const kept = this.#reports.get(streamId);
    return kept !== undefined && kept.expiresAtMs > this.#nowMs() ? kept.report : undefined;
  }

  sweep(): void {
    const nowMs = this.#nowMs();
    for (const [streamId, { expiresAtMs }] of this.#reports) if (expiresAtMs <= nowMs) this.#reports.delete(streamId);
  }
}
