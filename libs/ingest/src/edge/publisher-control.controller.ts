// What the control plane tells edges.
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { ControlSubject, cutPublisherSchema, PayloadPipe, putTimedMetadataSchema } from '@millrace/control';
import type { CutPublisher, PutTimedMetadata } from '@millrace/control';
import { Ingest } from '../ingest.ts';

@Controller()
export class PublisherControlController {
  constructor(private readonly ingest: Ingest) {}

  @EventPattern<string>(ControlSubject.cutPublisher)
  cutPublisher(@Payload(new PayloadPipe(cutPublisherSchema)) event: CutPublisher): void {
    this.ingest.cutPublisher(event);
  }

  @EventPattern<string>(ControlSubject.putTimedMetadata)
  putTimedMetadata(@Payload(new PayloadPipe(putTimedMetadataSchema)) event: PutTimedMetadata): Promise<void> {
    return this.ingest.putTimedMetadata(event);
  }
}
