import { Body, Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Describe } from '../http/describe.ts';
import {
  clientConfigurationAnswer,
  clientConfigurationParam,
  clientConfigurationQuery,
  clientConfigurationRequest,
} from './client-configuration.dto.ts';
import type {
  ClientConfiguration,
  ClientConfigurationQuery,
  ClientConfigurationRequest,
} from './client-configuration.dto.ts';
import { ClientConfigurationService } from './client-configuration.service.ts';

@ApiTags('Multitrack video')
@Access('public')
@Controller('v1/GetClientConfiguration')
export class GetClientConfigurationController {
  constructor(private readonly configurations: ClientConfigurationService) {}

  @Post()
  @Describe({
    summary: 'Get the multitrack configuration of an encoder',
    description:
      'What OBS asks before it goes live, with its stream key (`multitrack_video_configuration_url`): which renditions to send. A refusal ' +
      'is an answer too, with `status.result` = `error` and the text that OBS shows.',
    answer: clientConfigurationAnswer,
  })
  answer(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Body({ schema: clientConfigurationRequest }) body: ClientConfigurationRequest,
  ): Promise<ClientConfiguration> {
    return this.configurations.answerEncoder(request, reply, body);
  }
}

@ApiTags('Multitrack video')
@Access('tenant', 'live_streams')
@Controller('v1/live_streams/:live_stream_id/client_configuration')
export class ClientConfigurationController {
  constructor(private readonly configurations: ClientConfigurationService) {}

  @Get()
  @Describe({
    summary: 'Get the multitrack configuration for a live stream',
    description: 'For "Config Override (JSON)" in the settings of OBS, where its service is "Custom".',
    answer: clientConfigurationAnswer,
  })
  read(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: clientConfigurationParam }) streamId: string,
    @Query({ schema: clientConfigurationQuery }) query: ClientConfigurationQuery,
  ): Promise<ClientConfiguration> {
    return this.configurations.read(caller, streamId, query);
  }
}
