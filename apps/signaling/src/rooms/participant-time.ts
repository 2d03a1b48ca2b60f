// Counts for each tenant how long its participants are connected.
//
// A participant that resumes at another server counts there from then on, and the server that it has left may learn of it a moment
// later. So the time of a seat counts once the store has confirmed that it is still this one's, or when it ends here.
import { UsageReporter } from '@millrace/control';
import { Injectable } from '@nestjs/common';
import type { SeatHolder } from './seat-registry.ts';

@Injectable()
export class ParticipantTime {
  /** Up to when each seat has been counted. */
  readonly #countedToMs = new Map<SeatHolder, number>();
  /** Of tenants, since usage was collected. */
  #seconds = new Map<string, number>();

  constructor(usage: UsageReporter) {
    usage.ledger.beforeCollect(() => {
      for (const [tenantId, seconds] of this.#seconds)
        usage.ledger.add({ tenantId, kind: 'participant_seconds' }, seconds);
      this.#seconds = new Map();
    });
  }

  /** @param nowMs of a monotonic clock, likewise below */
  began(holder: SeatHolder, nowMs: number): void {
    this.#countedToMs.set(holder, nowMs);
  }

  /** Up to this time no other server had the participant. */
  confirmed(holder: SeatHolder, untilMs: number): void {
    const countedToMs = this.#countedToMs.get(holder);
    if (countedToMs === undefined || untilMs <= countedToMs) return;
    this.#countedToMs.set(holder, untilMs);
    const { tenantId } = holder;
    this.#seconds.set(tenantId, (this.#seconds.get(tenantId) ?? 0) + (untilMs - countedToMs) / 1_000);
  }

  /** @param nowMs undefined when it is not certain until when the participant was here */
  ended(holder: SeatHolder, nowMs: number | undefined): void {
    if (nowMs !== undefined) this.confirmed(holder, nowMs);
    this.#countedToMs.delete(holder);
  }
}
