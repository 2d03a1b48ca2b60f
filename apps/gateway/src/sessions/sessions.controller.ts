import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Describe } from '../http/describe.ts';
import type { Page } from '../http/pages.ts';
import { listAllSessionsQuery, sessionPage, sessionParam, sessionWithConnections } from './sessions.dto.ts';
import type { ListAllSessionsQuery, SessionAnswer, SessionWithConnections } from './sessions.dto.ts';
import { SessionsService } from './sessions.service.ts';

@ApiTags('Sessions')
@Access('tenant', 'live_streams')
@Controller('v1/sessions')
export class SessionsController {
  constructor(private readonly sessions: SessionsService) {}

  @Get()
  @Describe({ summary: 'List the sessions of all live streams', answer: sessionPage })
  listAll(
    @Caller() caller: Principal,
    @Query({ schema: listAllSessionsQuery }) query: ListAllSessionsQuery,
  ): Promise<Page<SessionAnswer>> {
    return this.sessions.listAll(caller, query);
  }

  @Get(':session_id')
  @Describe({ summary: 'Get a session with its connections', answer: sessionWithConnections })
  read(
    @Caller() caller: Principal,
    @Param('session_id', { schema: sessionParam }) id: string,
  ): Promise<SessionWithConnections> {
    return this.sessions.read(caller, id);
  }
}
