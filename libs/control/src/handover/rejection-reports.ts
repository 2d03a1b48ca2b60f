// Which refused publishers are reported: an encoder tries again every few seconds, so each reason is reported once a minute and stream.
import type { PublishRefusal } from '@millrace/domain';

const REPORT_EVERY_MS = 60_000;
/** So many reports are remembered; beyond it the oldest may be repeated early. */
const MAX_REMEMBERED = 10_000;

/** Not the tenant's affair, or over in a moment: the encoder's next attempt succeeds. */
const NOT_REPORTED: ReadonlySet<PublishRefusal> = new Set(['unavailable', 'draining']);

const minuteOf = (ms: number): number => Math.floor(ms / REPORT_EVERY_MS);

/** The same wherever the refusal is reported: of several reports in one minute, gateways write one. */
export const rejectionName = (streamId: string, refusal: PublishRefusal, atMs: number): string =>
  `rejected ${streamId} ${refusal} ${minuteOf(atMs)}`;

export class RejectionReports {
  /** Stream and reason → the minute of the last report; the oldest first. */
  readonly #reported = new Map<string, number>();

  /** Whether this refusal is to be reported; then others of this minute are not. */
  isDue(streamId: string, refusal: PublishRefusal, nowMs: number): boolean {
    if (NOT_REPORTED.has(refusal)) return false;
    const name = `${streamId} ${refusal}`;
    const minute = minuteOf(nowMs);
    if (this.#reported.get(name) === minute) return false;
    this.#reported.delete(name);
    this.#reported.set(name, minute);
    const [oldest] = this.#reported.keys();
    if (this.#reported.size > MAX_REMEMBERED && oldest !== undefined) this.#reported.delete(oldest);
    return true;
  }
}
