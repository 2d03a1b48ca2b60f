import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { eventPage } from '../events/events.dto.ts';
import type { EventAnswer } from '../events/events.dto.ts';
import { Describe } from '../http/describe.ts';
import type { Page } from '../http/pages.ts';
import { listSessionEventsQuery, sessionParam } from './sessions.dto.ts';
import type { ListSessionEventsQuery } from './sessions.dto.ts';
import { SessionsService } from './sessions.service.ts';

@ApiTags('Sessions')
@Access('tenant', 'events')
@Controller('v1/sessions/:session_id/events')
export class SessionEventsController {
  constructor(private readonly sessions: SessionsService) {}

  @Get()
  @Describe({
    summary: 'List the events of a session',
    description: 'From its first connection to its end, newest first. Events are kept for 30 days by default.',
    answer: eventPage,
  })
  list(
    @Caller() caller: Principal,
    @Param('session_id', { schema: sessionParam }) id: string,
    @Query({ schema: listSessionEventsQuery }) query: ListSessionEventsQuery,
  ): Promise<Page<EventAnswer>> {
    return this.sessions.listEvents(caller, id, query);
  }
}
