import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Describe } from '../http/describe.ts';
import type { Page } from '../http/pages.ts';
import { listSessionsQuery, sessionPage } from '../sessions/sessions.dto.ts';
import type { ListSessionsQuery, SessionAnswer } from '../sessions/sessions.dto.ts';
import { liveStreamParam } from './streams.dto.ts';
import { StreamsService } from './streams.service.ts';

@ApiTags('Sessions')
@Access('tenant', 'live_streams')
@Controller('v1/live_streams/:live_stream_id/sessions')
export class StreamSessionsController {
  constructor(private readonly streams: StreamsService) {}

  @Get()
  @Describe({ summary: 'List the sessions of a live stream', answer: sessionPage })
  list(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: liveStreamParam }) streamId: string,
    @Query({ schema: listSessionsQuery }) query: ListSessionsQuery,
  ): Promise<Page<SessionAnswer>> {
    return this.streams.listSessions(caller, streamId, query);
  }
}
