import { Body, Controller, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Describe } from '../http/describe.ts';
import { revokeViewerSessionsBody, viewerRevocationAnswer, ViewerSessionsService } from './viewer-sessions.service.ts';
import type { RevokeViewerSessionsBody, ViewerRevocationAnswer } from './viewer-sessions.service.ts';

@ApiTags('Viewers')
@Access('tenant', 'playback')
@Controller('v1/viewer_sessions')
export class ViewerSessionsController {
  constructor(private readonly sessions: ViewerSessionsService) {}

  @Post('revoke')
  @Describe({
    summary: "Revoke a viewer's sessions",
    description:
      'Within five seconds, on every gateway: tokens of this viewer up to this version are refused, its players get no playlist ' +
      'and no new segment URL, and its open connections are closed.',
    answer: viewerRevocationAnswer,
  })
  revoke(
    @Caller() caller: Principal,
    @Body({ schema: revokeViewerSessionsBody }) body: RevokeViewerSessionsBody,
  ): Promise<ViewerRevocationAnswer> {
    return this.sessions.revoke(caller, body);
  }
}
