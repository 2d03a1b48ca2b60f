// What every typed client does: ask within a deadline, tell and forget.
import type { ClientProxy } from '@nestjs/microservices';
import type { z } from 'zod';
import type { HandoverOptions } from './handover/event-handover.ts';
import { firstReply, ReplyTimeout } from './first-reply.ts';
import { tracedRecord } from './transport/traced-record.ts';

/** How long one gateway may take before another one is asked. */
const ATTEMPT_TIMEOUT_MS = 2_000;
/** Pause before the next attempt; doubles each time, up to the second value. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 500;

export interface ControlClientOptions {
  /** Told of every message that could not be sent or was not answered: for a counter and a log line. Must not throw. */
  readonly onError?: (subject: string, error: unknown) => void;
  /** The W3C `traceparent` of the span in whose name a message is sent, if any. */
  readonly traceparent?: () => string | undefined;
  /** For what is handed over to gateways. */
  readonly handover?: HandoverOptions;
}

export interface Answered<T> {
  readonly answer: T;
  /** An earlier attempt was not answered in time, or came to nothing: its handler may have done its work all the same. */
  readonly afterTimeout: boolean;
}

/** Whether an answer says that nothing could be decided now. */
export type IsUndecided<T> = (answer: T) => boolean;

export class ControlSender {
  readonly #client: ClientProxy;
  readonly #onError: (subject: string, error: unknown) => void;
  readonly #traceparent: () => string | undefined;

  constructor(client: ClientProxy, options: ControlClientOptions) {
    this.#client = client;
    this.#onError = options.onError ?? (() => undefined);
    this.#traceparent = options.traceparent ?? (() => undefined);
  }

  /**
   * Asks until a gateway gives an answer of this form that decides.
   *
   * @param isUndecided such an answer is no end while there is time: a gateway whose database or store is late says so early
   * @param attemptMs how long one gateway may take before another one is asked
   * @returns undefined when none has answered within `timeoutMs`
   */
  async ask<T>(
    subject: string,
    request: object,
    answers: z.ZodType<T>,
    timeoutMs: number,
    isUndecided: IsUndecided<T> = () => false,
    attemptMs = ATTEMPT_TIMEOUT_MS,
  ): Promise<Answered<T> | undefined> {
    const deadline = performance.now() + timeoutMs;
    let pauseMs = FIRST_PAUSE_MS;
    let afterTimeout = false;
    let undecided: T | undefined;
    const message = tracedRecord(request, this.#traceparent());
    for (;;) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) return undecided === undefined ? undefined : { answer: undecided, afterTimeout };
      try {
        const answer$ = this.#client.send<unknown>(subject, message);
        const answer = answers.parse(await firstReply(answer$, Math.min(leftMs, attemptMs)));
        if (!isUndecided(answer)) return { answer, afterTimeout };
        undecided = answer;
        afterTimeout = true;
      } catch (error) {
        this.#onError(subject, error);
        afterTimeout ||= error instanceof ReplyTimeout;
      }
      await new Promise((resolve) => setTimeout(resolve, Math.min(pauseMs, Math.max(0, deadline - performance.now()))));
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }

  tell(subject: string, event: object): void {
    const message = tracedRecord(event, this.#traceparent());
    this.#client.emit(subject, message).subscribe({ error: (error: unknown) => this.#onError(subject, error) });
  }
}
