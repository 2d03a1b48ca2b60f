import { Controller, Get, Headers, HttpCode, Param, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { isId } from '@millrace/domain';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Describe } from '../http/describe.ts';
import type { Page } from '../http/pages.ts';
import { ProblemError } from '../http/problem-error.ts';
import { EventStreams } from './event-streams.ts';
import { eventAnswer, eventPage, eventParam, followEventsQuery, listEventsQuery } from './events.dto.ts';
import type { EventAnswer, FollowEventsQuery, ListEventsQuery } from './events.dto.ts';
import { EventsService } from './events.service.ts';

@ApiTags('Events')
@Access('tenant', 'events')
@Controller('v1/events')
export class EventsController {
  constructor(
    private readonly events: EventsService,
    private readonly streams: EventStreams,
  ) {}

  @Get()
  @Describe({
    summary: 'List events',
    description: 'Events of live streams, keys and rooms, newest first. Events are kept for 30 days by default.',
    answer: eventPage,
  })
  list(
    @Caller() caller: Principal,
    @Query({ schema: listEventsQuery }) query: ListEventsQuery,
  ): Promise<Page<EventAnswer>> {
    return this.events.list(caller, query);
  }

  @Get('stream')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Follow events',
    description:
      'Server-sent events: `id` is the id of the event, `event` its type, and `data` the event itself. A client that reconnects ' +
      'sends `Last-Event-ID` and misses nothing; without that header the stream begins with the next new event.',
  })
  // Generators of clients drop what is not JSON.
  @ApiResponse({ status: 200, description: 'Events as `text/event-stream`, until the client closes the connection.' })
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'Id of the last event that the client has received.',
  })
  follow(
    @Caller() caller: Principal,
    @Query({ schema: followEventsQuery }) query: FollowEventsQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    if (lastEventId !== undefined && lastEventId !== '' && !isId('evt', lastEventId))
      throw new ProblemError('invalid_cursor', '`Last-Event-ID` must be an event id.');
    return this.streams.serve(caller, query, lastEventId === '' ? undefined : lastEventId, {
      request,
      reply,
    });
  }

  @Get(':event_id')
  @Describe({ summary: 'Get an event', answer: eventAnswer })
  read(@Caller() caller: Principal, @Param('event_id', { schema: eventParam }) id: string): Promise<EventAnswer> {
    return this.events.read(caller, id);
  }
}
