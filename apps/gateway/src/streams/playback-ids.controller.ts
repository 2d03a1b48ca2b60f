import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Conditional } from '../etags/conditional.ts';
import { Describe } from '../http/describe.ts';
import { idField } from '../http/fields.ts';
import type { Page } from '../http/pages.ts';
import {
  createPlaybackIdBody,
  listPlaybackIdsQuery,
  playbackIdAnswer,
  playbackIdPage,
  playbackIdParam,
} from './playback-ids.dto.ts';
import type { CreatePlaybackIdBody, ListPlaybackIdsQuery, PlaybackIdAnswer } from './playback-ids.dto.ts';
import { PlaybackIdsService } from './playback-ids.service.ts';

const streamParam = idField('liveStream');

@ApiTags('Playback ids')
@Access('tenant', 'live_streams')
@Controller('v1/live_streams/:live_stream_id/playback_ids')
export class PlaybackIdsController {
  constructor(private readonly playbackIds: PlaybackIdsService) {}

  @Post()
  @Describe({
    summary: 'Create a playback id',
    description:
      'A stream may have public and signed ones. The policy of a playback id does not change: create another one.',
    status: 201,
    answer: playbackIdAnswer,
  })
  create(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: streamParam }) streamId: string,
    @Body({ schema: createPlaybackIdBody }) body: CreatePlaybackIdBody,
  ): Promise<PlaybackIdAnswer> {
    return this.playbackIds.create(caller, streamId, body);
  }

  @Get()
  @Describe({ summary: 'List playback ids', answer: playbackIdPage })
  list(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: streamParam }) streamId: string,
    @Query({ schema: listPlaybackIdsQuery }) query: ListPlaybackIdsQuery,
  ): Promise<Page<PlaybackIdAnswer>> {
    return this.playbackIds.list(caller, streamId, query);
  }

  @Get(':playback_id')
  @Describe({ summary: 'Get a playback id', answer: playbackIdAnswer })
  read(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: streamParam }) streamId: string,
    @Param('playback_id', { schema: playbackIdParam }) id: string,
  ): Promise<PlaybackIdAnswer> {
    return this.playbackIds.read(caller, streamId, id);
  }

  @Delete(':playback_id')
  @Conditional()
  @Describe({ summary: 'Delete a playback id', description: 'Its URLs stop working.' })
  remove(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: streamParam }) streamId: string,
    @Param('playback_id', { schema: playbackIdParam }) id: string,
  ): Promise<void> {
    return this.playbackIds.remove(caller, streamId, id);
  }
}
