import type { ClientProxy } from '@nestjs/microservices';
import { ControlSender } from '../control-sender.ts';
import type { ControlClientOptions } from '../control-sender.ts';
import type { RelayControl } from './relay-control.ts';
import { RelaySubject } from './relay-messages.ts';
import type { AuthorizeRelay, AuthorizeRelayAnswer, RelayUsage, RevokeRelay } from './relay-messages.ts';
import { authorizeRelayAnswerSchema } from './relay-schemas.ts';

/** What is said about relay credentials, over either transport. */
export class RelayControlClient implements RelayControl {
  readonly #sender: ControlSender;

  constructor(client: ClientProxy, options: ControlClientOptions = {}) {
    this.#sender = new ControlSender(client, options);
  }

  async authorizeRelay(request: AuthorizeRelay, timeoutMs: number): Promise<AuthorizeRelayAnswer> {
    const subject = RelaySubject.authorizeRelay;
    const answered = await this.#sender.ask(subject, request, authorizeRelayAnswerSchema, timeoutMs);
    return answered?.answer ?? { granted: false, refusal: 'unavailable' };
  }

  revokeRelay(event: RevokeRelay): void {
    this.#sender.tell(RelaySubject.revokeRelay, event);
  }

  relayUsage(event: RelayUsage): void {
    this.#sender.tell(RelaySubject.relayUsage, event);
  }
}
