// Refused publishers as events: an encoder tries again every few seconds, so each reason is reported once a minute and stream.
import { Injectable } from '@nestjs/common';
import type { PublishRefusal } from '@millrace/domain';
import type { AuthorizePublish } from '@millrace/control';
import { SessionRecorder } from '../sessions/session-recorder.ts';
import { publishRejected } from '../sessions/session-writes.ts';
import type { PublishFacts } from './publish-facts.ts';

const REPORT_EVERY_MS = 60_000;
/** So many reports are remembered; beyond it the oldest may be repeated early. */
const MAX_REMEMBERED = 10_000;

/** Not the tenant's affair, or over in a moment: the encoder's next attempt succeeds. */
const NOT_REPORTED: ReadonlySet<PublishRefusal> = new Set(['unavailable', 'draining']);

@Injectable()
export class RejectionReports {
  /** Stream and reason → the minute of the last report; the oldest first. */
  readonly #reported = new Map<string, number>();

  constructor(private readonly recorder: SessionRecorder) {}

  report({ key }: PublishFacts, refusal: PublishRefusal, request: AuthorizePublish, nowMs: number): void {
    if (NOT_REPORTED.has(refusal)) return;
    const name = `${key.streamId} ${refusal}`;
    const minute = Math.floor(nowMs / REPORT_EVERY_MS);
    if (this.#reported.get(name) === minute) return;
    this.#reported.delete(name);
    this.#reported.set(name, minute);
    const [oldest] = this.#reported.keys();
    if (this.#reported.size > MAX_REMEMBERED && oldest !== undefined) this.#reported.delete(oldest);
    // The name is the same at every gateway: together they report once.
    this.recorder.record(publishRejected(key, refusal, request, nowMs, `rejected ${name} ${minute}`));
  }
}
