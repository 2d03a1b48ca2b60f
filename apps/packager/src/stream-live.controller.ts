// Events from the control plane.
import { ControlSubject, PayloadPipe, streamLiveSchema } from '@millrace/control';
import type { StreamLive } from '@millrace/control';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { PackagerService } from './packager.service.ts';

@Controller()
export class StreamLiveController {
  constructor(private readonly packager: PackagerService) {}

  @EventPattern<string>(ControlSubject.streamLive)
  streamLive(@Payload(new PayloadPipe(streamLiveSchema)) _event: StreamLive): void {
    this.packager.wake();
  }
}
