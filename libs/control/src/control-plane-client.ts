// The typed client over either transport.
import type { ClientProxy } from '@nestjs/microservices';
import { firstValueFrom, timeout, TimeoutError } from 'rxjs';
import type { ControlPlane } from './control-plane.ts';
import { authorizePublishAnswerSchema } from './message-schemas.ts';
import { ControlSubject } from './messages.ts';
import type {
  AuthorizePublish,
  AuthorizePublishAnswer,
  CutPublisher,
  PublishEnded,
  SessionActive,
  SessionEnded,
  StreamLive,
} from './messages.ts';

/** How long one gateway may take before another one is asked. */
const ATTEMPT_TIMEOUT_MS = 2_000;
/** Pause before the next attempt; doubles each time, up to the second value. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 500;

const UNAVAILABLE: AuthorizePublishAnswer = { granted: false, refusal: 'unavailable' };

export interface ControlPlaneClientOptions {
  /** Told of every message that could not be sent or was not answered: for a counter and a log line. Must not throw. */
  readonly onError?: (subject: string, error: unknown) => void;
}

export class ControlPlaneClient implements ControlPlane {
  readonly #client: ClientProxy;
  readonly #onError: (subject: string, error: unknown) => void;

  constructor(client: ClientProxy, options: ControlPlaneClientOptions = {}) {
    this.#client = client;
    this.#onError = options.onError ?? (() => undefined);
  }

  async authorizePublish(request: AuthorizePublish, timeoutMs: number): Promise<AuthorizePublishAnswer> {
    const deadline = performance.now() + timeoutMs;
    let pauseMs = FIRST_PAUSE_MS;
    let outcomeUnknown = false;
    for (;;) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) return UNAVAILABLE;
      try {
        const answer = await this.#ask(request, Math.min(leftMs, ATTEMPT_TIMEOUT_MS));
        // A gateway may have taken the claim for us although its answer was lost. Then we are told that somebody else
        // publishes; that claim ends by itself, since nobody renews it. The encoder shall try again, not give up.
        if (outcomeUnknown && !answer.granted && answer.refusal === 'already_publishing') return UNAVAILABLE;
        return answer;
      } catch (error) {
        this.#onError(ControlSubject.authorizePublish, error);
        outcomeUnknown ||= error instanceof TimeoutError;
      }
      await new Promise((resolve) => setTimeout(resolve, Math.min(pauseMs, Math.max(0, deadline - performance.now()))));
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }

  publishEnded(event: PublishEnded): void {
    this.#tell(ControlSubject.publishEnded, event);
  }

  sessionActive(event: SessionActive): void {
    this.#tell(ControlSubject.sessionActive, event);
  }

  sessionEnded(event: SessionEnded): void {
    this.#tell(ControlSubject.sessionEnded, event);
  }

  cutPublisher(event: CutPublisher): void {
    this.#tell(ControlSubject.cutPublisher, event);
  }

  streamLive(event: StreamLive): void {
    this.#tell(ControlSubject.streamLive, event);
  }

  async #ask(request: AuthorizePublish, timeoutMs: number): Promise<AuthorizePublishAnswer> {
    const answer$ = this.#client.send<unknown>(ControlSubject.authorizePublish, request).pipe(timeout(timeoutMs));
    return authorizePublishAnswerSchema.parse(await firstValueFrom(answer$));
  }

  #tell(subject: string, event: object): void {
    this.#client.emit(subject, event).subscribe({ error: (error: unknown) => this.#onError(subject, error) });
  }
}
