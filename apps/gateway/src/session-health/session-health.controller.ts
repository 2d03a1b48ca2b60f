import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Describe } from '../http/describe.ts';
import { sessionParam } from '../sessions/sessions.dto.ts';
import { sessionHealthAnswer, sessionHealthQuery } from './session-health.dto.ts';
import type { SessionHealthAnswer, SessionHealthQuery } from './session-health.dto.ts';
import { SessionHealthService } from './session-health.service.ts';

@ApiTags('Sessions')
@Access('tenant', 'live_streams')
@Controller('v1/sessions/:session_id/health')
export class SessionHealthController {
  constructor(private readonly health: SessionHealthService) {}

  @Get()
  @Describe({
    summary: 'Get what a session was sent, over time',
    description:
      'Bitrate, frame rate, keyframe interval, drift between audio and video, dropped frames, and viewers by the minute. The newest values are a few seconds old.',
    answer: sessionHealthAnswer,
  })
  read(
    @Caller() caller: Principal,
    @Param('session_id', { schema: sessionParam }) id: string,
    @Query({ schema: sessionHealthQuery }) query: SessionHealthQuery,
  ): Promise<SessionHealthAnswer> {
    return this.health.read(caller, id, query);
  }
}
