// Events from the control plane.
import { ControlSubject, PayloadPipe, streamLiveSchema } from '@millrace/control';
import type { StreamLive } from '@millrace/control';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { Packager } from './packager.ts';

@Controller()
export class StreamLiveController {
  readonly #packager: Packager;

  constructor(packager: Packager) {
    this.#packager = packager;
  }

  @EventPattern<string>(ControlSubject.streamLive)
  streamLive(@Payload(new PayloadPipe(streamLiveSchema)) _event: StreamLive): void {
    this.#packager.wake();
  }
}
