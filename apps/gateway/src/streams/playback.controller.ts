import { Controller, Get, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Describe } from '../http/describe.ts';
import { playbackIdParam } from './playback-ids.dto.ts';
import { playbackAnswer } from './playback.dto.ts';
import type { PlaybackAnswer } from './playback.dto.ts';
import { PlaybackIdsService } from './playback-ids.service.ts';

@ApiTags('Playback ids')
@Access('tenant', 'live_streams')
@Controller('v1/playback')
export class PlaybackController {
  constructor(private readonly playbackIds: PlaybackIdsService) {}

  @Get(':playback_id')
  @Describe({
    summary: 'Get what a playback id plays now',
    description: 'Its URLs, the state of its live stream, and what viewers receive.',
    answer: playbackAnswer,
  })
  read(
    @Caller() caller: Principal,
    @Param('playback_id', { schema: playbackIdParam }) id: string,
  ): Promise<PlaybackAnswer> {
    return this.playbackIds.readPlayback(caller, id);
  }
}
