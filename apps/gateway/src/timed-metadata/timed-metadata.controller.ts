import { Body, Controller, Headers, Param, Post } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { ApiTags } from '@nestjs/swagger';
import { ControlSubject, PayloadPipe, timedMetadataPutSchema, TO_ALL } from '@millrace/control';
import type { TimedMetadataPut } from '@millrace/control';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Describe } from '../http/describe.ts';
import { idField } from '../http/fields.ts';
import { IDEMPOTENCY_HEADER } from '../idempotency/idempotency-interceptor.ts';
import { putTimedMetadataBody, timedMetadataAnswer } from './timed-metadata.dto.ts';
import type { PutTimedMetadataBody, TimedMetadataAnswer } from './timed-metadata.dto.ts';
import { TimedMetadataService } from './timed-metadata.service.ts';

@ApiTags('Live streams')
@Access('tenant', 'live_streams')
@Controller('v1/live_streams/:live_stream_id/timed_metadata')
export class TimedMetadataController {
  constructor(private readonly metadata: TimedMetadataService) {}

  @Post()
  @Describe({
    summary: 'Put timed metadata into a live stream',
    description:
      'Players get it with the picture that the encoder sends now: as timed ID3 in HLS, as `emsg` in CMAF, and as a data message in FLV. ' +
      'Answered once it is safe: no failure of one process loses it. Five requests per second and stream are accepted.',
    answer: timedMetadataAnswer,
  })
  put(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: idField('liveStream') }) streamId: string,
    @Body({ schema: putTimedMetadataBody }) body: PutTimedMetadataBody,
    @Headers(IDEMPOTENCY_HEADER) idempotencyKey: string | undefined,
  ): Promise<TimedMetadataAnswer> {
    return this.metadata.put(caller, streamId, body, idempotencyKey);
  }
}

/** What edges tell all gateways. */
@Controller()
export class TimedMetadataControlController {
  constructor(private readonly metadata: TimedMetadataService) {}

  @EventPattern<string>(ControlSubject.timedMetadataPut, TO_ALL)
  settled(@Payload(new PayloadPipe(timedMetadataPutSchema)) event: TimedMetadataPut): void {
    this.metadata.settled(event);
  }
}
