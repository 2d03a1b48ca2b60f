// What the control plane tells TURN servers.
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { PayloadPipe, RelaySubject, revokeRelaySchema } from '@millrace/control';
import type { RevokeRelay } from '@millrace/control';
import { TurnService } from './turn.service.ts';

@Controller()
export class RelayRevocationController {
  constructor(private readonly service: TurnService) {}

  @EventPattern<string>(RelaySubject.revokeRelay)
  revokeRelay(@Payload(new PayloadPipe(revokeRelaySchema)) event: RevokeRelay): void {
    this.service.revoke(event);
  }
}
