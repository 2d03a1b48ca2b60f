// "authmod=adobe": between the user and the challenge.
import type { LoginRequest } from '../server-session-handler.ts';
import type { SessionState } from './session-state.ts';

/** The owner has been asked for a challenge; the client waits for it, and is refused with it. */
export class LoggingIn implements SessionState {
  readonly name = 'logging-in';
  readonly mediaStreamId = -1;
  readonly active = false;
  readonly request: LoginRequest;
  /** Of the connect command: what its answer is for. */
  readonly transactionId: number;

  constructor(request: LoginRequest, transactionId: number) {
    this.request = request;
    this.transactionId = transactionId;
  }

  /** What comes before the answer has no place; it is not worth an answer of its own. */
  command(): void {
    return undefined;
  }
}
