// Hands what a process has counted over to gateways, again and again until PostgreSQL has it.
import { onSharedBeat } from '@millrace/domain';
import type { Beat } from '@millrace/domain';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { ClientProxy } from '@nestjs/microservices';
import type { ControlClientOptions } from '../control-sender.ts';
import { UsageControlClient } from './usage-control.ts';
import type { UsageControl } from './usage-control.ts';
import { UsageLedger } from './usage-ledger.ts';
import { USAGE_LIMITS } from './usage-limits.ts';
import { MAX_REPORTED_AMOUNTS } from './usage-messages.ts';
import type { UsageReport } from './usage-messages.ts';

/** So many reports of one process are on their way at once. */
const REPORTS_AT_ONCE = 4;
/** How long one round may take; what is not recorded then is in the next one. */
const ROUND_MS = 15_000;
/** How long the last report of a stopping process may take. */
const LAST_MS = 2_000;

export interface UsageReporterOptions {
  readonly ledger: UsageLedger;
  readonly control: UsageControl;
  readonly intervalMs?: number;
}

export class UsageReporter implements OnApplicationBootstrap, BeforeApplicationShutdown {
  /** What the process counts. */
  readonly ledger: UsageLedger;
  readonly #control: UsageControl;
  readonly #intervalMs: number;
  #timer: Beat | undefined;
  #running: Promise<void> | undefined;

  constructor({ ledger, control, intervalMs = USAGE_LIMITS.reportIntervalMs }: UsageReporterOptions) {
    this.ledger = ledger;
    this.#control = control;
    this.#intervalMs = intervalMs;
  }

  /** A ledger of its own, reported over this connection. */
  static over(control: ClientProxy, options: ControlClientOptions = {}): UsageReporter {
    return new UsageReporter({ ledger: new UsageLedger(), control: new UsageControlClient(control, options) });
  }

  onApplicationBootstrap(): void {
    this.#timer = onSharedBeat(this.#intervalMs, () => void this.report());
  }

  /** One round: nothing is sent when nothing has changed. While a round runs, no other one begins. */
  report(): Promise<void> {
    this.#running ??= this.#report(ROUND_MS).finally(() => (this.#running = undefined));
    return this.#running;
  }

  /** The last report: Nest stops what counts before this. Takes a few seconds at most. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#timer?.stop();
    await this.#report(LAST_MS);
  }

  async #report(timeoutMs: number): Promise<void> {
    const { source } = this.ledger;
    const reports: UsageReport[] = [];
    for (const amounts of inParts(this.ledger.collect())) reports.push({ source, amounts });
    for (const readings of inParts(this.ledger.takeReadings())) reports.push({ source, amounts: [], readings });
    const deadlineMs = performance.now() + timeoutMs;
    const sendAll = async (): Promise<void> => {
      for (let report = reports.shift(); report !== undefined; report = reports.shift()) {
        const leftMs = deadlineMs - performance.now();
        const recorded = leftMs > 0 && (await this.#control.reportUsage(report, leftMs));
        if (recorded) this.ledger.recorded(report.amounts);
      }
    };
    await Promise.all(Array.from({ length: Math.min(REPORTS_AT_ONCE, reports.length) }, sendAll));
  }
}

function* inParts<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += MAX_REPORTED_AMOUNTS)
    yield all.slice(from, from + MAX_REPORTED_AMOUNTS);
}
