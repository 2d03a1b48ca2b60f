// Counts the duration of committed segments for their tenants: each segment once, however often it is cut.
import { UsageReporter } from '@millrace/control';
import type { PublishClaim } from '@millrace/domain';
import { Injectable } from '@nestjs/common';
import type { FinishedSegment } from '../packaging/finished-segment.ts';

/** So many streams are remembered; the one that was packaged longest ago is forgotten. */
const MAX_REMEMBERED = 10_000;

@Injectable()
export class PackagedTime {
  /** By stream, the number up to which segments have been counted: numbers only grow, and a lost window repeats them. */
  readonly #countedTo = new Map<string, number>();

  constructor(private readonly usage: UsageReporter) {}

  /** Segments with lower numbers have been committed before, perhaps by another packager. */
  startsAt(streamId: string, mediaSequence: number): void {
    const countedTo = Math.max(mediaSequence, this.#countedTo.get(streamId) ?? 0);
    this.#countedTo.delete(streamId);
    if (this.#countedTo.size >= MAX_REMEMBERED)
      for (const [longestAgo] of this.#countedTo) {
        this.#countedTo.delete(longestAgo);
        break;
      }
    this.#countedTo.set(streamId, countedTo);
  }

  committed(segments: readonly FinishedSegment[], { tenantId, streamId }: PublishClaim): void {
    let countedTo = this.#countedTo.get(streamId) ?? 0;
    let packagedMs = 0;
    for (const { before, after, durationMs } of segments) {
      if (before.mediaSequence < countedTo) continue;
      packagedMs += durationMs;
      countedTo = after.mediaSequence;
    }
    this.#countedTo.set(streamId, countedTo);
    this.usage.ledger.add({ tenantId, streamId, kind: 'packaged_seconds' }, packagedMs / 1_000);
  }
}
