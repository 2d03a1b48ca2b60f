import { Controller, Get, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Describe } from '../http/describe.ts';
import { liveStreamParam, streamViewersAnswer } from './streams.dto.ts';
import type { StreamViewersAnswer } from './streams.dto.ts';
import { StreamsService } from './streams.service.ts';

@ApiTags('Viewers')
@Access('tenant', 'live_streams')
@Controller('v1/live_streams/:live_stream_id/viewers')
export class StreamViewersController {
  constructor(private readonly streams: StreamsService) {}

  @Get()
  @Describe({
    summary: 'Count the concurrent viewers of a live stream',
    description:
      'Over all gateways, a second or two old. A viewer is a token, or an open connection, or, for public playback ids, an address ' +
      'with a player that requested the playlist in the last 30 s. Viewers behind a cache that serves playlists are not counted.',
    answer: streamViewersAnswer,
  })
  count(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: liveStreamParam }) streamId: string,
  ): Promise<StreamViewersAnswer> {
    return this.streams.countViewers(caller, streamId);
  }
}
