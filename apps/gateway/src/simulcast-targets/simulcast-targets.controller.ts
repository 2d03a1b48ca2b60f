import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Conditional } from '../etags/conditional.ts';
import { Describe } from '../http/describe.ts';
import { idField } from '../http/fields.ts';
import type { Page } from '../http/pages.ts';
import {
  createSimulcastTargetBody,
  listSimulcastTargetsQuery,
  simulcastTargetAnswer,
  simulcastTargetPage,
  simulcastTargetParam,
  updateSimulcastTargetBody,
} from './simulcast-targets.dto.ts';
import type {
  CreateSimulcastTargetBody,
  ListSimulcastTargetsQuery,
  SimulcastTargetAnswer,
  UpdateSimulcastTargetBody,
} from './simulcast-targets.dto.ts';
import { SimulcastTargetsService } from './simulcast-targets.service.ts';

const streamParam = idField('liveStream');

@ApiTags('Simulcast targets')
@Access('tenant', 'simulcast_targets')
@Controller('v1/live_streams/:live_stream_id/simulcast_targets')
export class SimulcastTargetsController {
  constructor(private readonly targets: SimulcastTargetsService) {}

  @Post()
  @Describe({
    summary: 'Create a simulcast target',
    description:
      'While the stream is live it is also sent to this server, such as YouTube, Twitch or Facebook: from the next second on if it is ' +
      'live now. A target that is slow or fails does not affect the stream; it is connected to again.',
    status: 201,
    answer: simulcastTargetAnswer,
  })
  create(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: streamParam }) streamId: string,
    @Body({ schema: createSimulcastTargetBody }) body: CreateSimulcastTargetBody,
  ): Promise<SimulcastTargetAnswer> {
    return this.targets.create(caller, streamId, body);
  }

  @Get()
  @Describe({ summary: 'List simulcast targets, without their stream keys', answer: simulcastTargetPage })
  list(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: streamParam }) streamId: string,
    @Query({ schema: listSimulcastTargetsQuery }) query: ListSimulcastTargetsQuery,
  ): Promise<Page<SimulcastTargetAnswer>> {
    return this.targets.list(caller, streamId, query);
  }

  @Get(':simulcast_target_id')
  @Describe({ summary: 'Get a simulcast target, without its stream key', answer: simulcastTargetAnswer })
  read(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: streamParam }) streamId: string,
    @Param('simulcast_target_id', { schema: simulcastTargetParam }) id: string,
  ): Promise<SimulcastTargetAnswer> {
    return this.targets.read(caller, streamId, id);
  }

  @Patch(':simulcast_target_id')
  @Conditional()
  @Describe({
    summary: 'Update a simulcast target',
    description: 'Takes effect within a second, also while the stream is live; `enabled` switches it on and off.',
    answer: simulcastTargetAnswer,
  })
  update(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: streamParam }) streamId: string,
    @Param('simulcast_target_id', { schema: simulcastTargetParam }) id: string,
    @Body({ schema: updateSimulcastTargetBody }) body: UpdateSimulcastTargetBody,
  ): Promise<SimulcastTargetAnswer> {
    return this.targets.update(caller, streamId, id, body);
  }

  @Delete(':simulcast_target_id')
  @Conditional()
  @Describe({
    summary: 'Delete a simulcast target',
    description: 'The stream is no longer sent to it, within a second.',
  })
  remove(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: streamParam }) streamId: string,
    @Param('simulcast_target_id', { schema: simulcastTargetParam }) id: string,
  ): Promise<void> {
    return this.targets.remove(caller, streamId, id);
  }
}
