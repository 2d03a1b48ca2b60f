import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Conditional } from '../etags/conditional.ts';
import { Describe } from '../http/describe.ts';
import type { Page } from '../http/pages.ts';
import {
  createLiveStreamBody,
  listLiveStreamsQuery,
  liveStreamAnswer,
  liveStreamPage,
  liveStreamParam,
  updateLiveStreamBody,
} from './streams.dto.ts';
import type {
  CreateLiveStreamBody,
  ListLiveStreamsQuery,
  LiveStreamAnswer,
  UpdateLiveStreamBody,
} from './streams.dto.ts';
import { StreamsService } from './streams.service.ts';

@ApiTags('Live streams')
@Access('tenant', 'live_streams')
@Controller('v1/live_streams')
export class StreamsController {
  constructor(private readonly streams: StreamsService) {}

  @Post()
  @Describe({
    summary: 'Create a live stream',
    description:
      'The stream has one playback id from the start. Next, create a stream key and enter it in the encoder.',
    status: 201,
    answer: liveStreamAnswer,
  })
  create(
    @Caller() caller: Principal,
    @Body({ schema: createLiveStreamBody }) body: CreateLiveStreamBody,
  ): Promise<LiveStreamAnswer> {
    return this.streams.create(caller, body);
  }

  @Get()
  @Describe({ summary: 'List live streams', answer: liveStreamPage })
  list(
    @Caller() caller: Principal,
    @Query({ schema: listLiveStreamsQuery }) query: ListLiveStreamsQuery,
  ): Promise<Page<LiveStreamAnswer>> {
    return this.streams.list(caller, query);
  }

  @Get(':live_stream_id')
  @Describe({ summary: 'Get a live stream', answer: liveStreamAnswer })
  read(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: liveStreamParam }) id: string,
  ): Promise<LiveStreamAnswer> {
    return this.streams.read(caller, id);
  }

  @Patch(':live_stream_id')
  @Conditional()
  @Describe({
    summary: 'Update a live stream',
    description: 'New settings take effect with the next session.',
    answer: liveStreamAnswer,
  })
  update(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: liveStreamParam }) id: string,
    @Body({ schema: updateLiveStreamBody }) body: UpdateLiveStreamBody,
  ): Promise<LiveStreamAnswer> {
    return this.streams.update(caller, id, body);
  }

  @Delete(':live_stream_id')
  @Conditional()
  @Describe({
    summary: 'Delete a live stream',
    description: 'Also deletes its keys, playback ids and sessions. Disconnects its publisher.',
  })
  remove(@Caller() caller: Principal, @Param('live_stream_id', { schema: liveStreamParam }) id: string): Promise<void> {
    return this.streams.remove(caller, id);
  }

  @Post(':live_stream_id/enable')
  @Describe({ summary: 'Enable a live stream', answer: liveStreamAnswer })
  enable(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: liveStreamParam }) id: string,
  ): Promise<LiveStreamAnswer> {
    return this.streams.setEnabled(caller, id, true);
  }

  @Post(':live_stream_id/disable')
  @Describe({
    summary: 'Disable a live stream',
    description: 'Refuses its keys and disconnects its publisher within a second.',
    answer: liveStreamAnswer,
  })
  disable(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: liveStreamParam }) id: string,
  ): Promise<LiveStreamAnswer> {
    return this.streams.setEnabled(caller, id, false);
  }

  @Post(':live_stream_id/switch_encoder')
  @Describe({
    summary: 'Switch to the encoder that waits',
    description:
      'The encoder that waits publishes within a second, from its next keyframe on; the one that publishes now waits then. So the primary encoder takes its stream back from the backup.',
    answer: liveStreamAnswer,
  })
  switchEncoder(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: liveStreamParam }) id: string,
  ): Promise<LiveStreamAnswer> {
    return this.streams.switchEncoder(caller, id);
  }

  @Post(':live_stream_id/end')
  @Describe({
    summary: 'End the current session',
    description: 'Disconnects the publisher and ends the session. The keys keep working.',
    answer: liveStreamAnswer,
  })
  end(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: liveStreamParam }) id: string,
  ): Promise<LiveStreamAnswer> {
    return this.streams.end(caller, id);
  }
}
