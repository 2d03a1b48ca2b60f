import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { authorizeRelaySchema, PayloadPipe, RelaySubject } from '@millrace/control';
import type { AuthorizeRelay, AuthorizeRelayAnswer } from '@millrace/control';
import { RelayAuthorizer } from './relay-authorizer.ts';

/** What relays ask gateways. */
@Controller()
export class RelayControlController {
  constructor(private readonly authorizer: RelayAuthorizer) {}

  @MessagePattern<string>(RelaySubject.authorizeRelay)
  authorize(@Payload(new PayloadPipe(authorizeRelaySchema)) request: AuthorizeRelay): Promise<AuthorizeRelayAnswer> {
    return this.authorizer.authorize(request);
  }
}
