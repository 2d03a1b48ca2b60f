import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Conditional } from '../etags/conditional.ts';
import { Describe } from '../http/describe.ts';
import type { Page } from '../http/pages.ts';
import {
  createPlaybackRestrictionBody,
  listPlaybackRestrictionsQuery,
  playbackRestrictionAnswer,
  playbackRestrictionPage,
  playbackRestrictionParam,
  updatePlaybackRestrictionBody,
} from './playback-restrictions.dto.ts';
import type {
  CreatePlaybackRestrictionBody,
  ListPlaybackRestrictionsQuery,
  PlaybackRestrictionAnswer,
  UpdatePlaybackRestrictionBody,
} from './playback-restrictions.dto.ts';
import { PlaybackRestrictionsService } from './playback-restrictions.service.ts';

@ApiTags('Playback restrictions')
@Access('tenant', 'playback')
@Controller('v1/playback_restrictions')
export class PlaybackRestrictionsController {
  constructor(private readonly restrictions: PlaybackRestrictionsService) {}

  @Post()
  @Describe({
    summary: 'Create a playback restriction',
    description:
      'Says where, and by which players, a signed stream may be played. It holds for tokens that name it in `restriction_id`.',
    status: 201,
    answer: playbackRestrictionAnswer,
  })
  create(
    @Caller() caller: Principal,
    @Body({ schema: createPlaybackRestrictionBody }) body: CreatePlaybackRestrictionBody,
  ): Promise<PlaybackRestrictionAnswer> {
    return this.restrictions.create(caller, body);
  }

  @Get()
  @Describe({ summary: 'List playback restrictions', answer: playbackRestrictionPage })
  list(
    @Caller() caller: Principal,
    @Query({ schema: listPlaybackRestrictionsQuery }) query: ListPlaybackRestrictionsQuery,
  ): Promise<Page<PlaybackRestrictionAnswer>> {
    return this.restrictions.list(caller, query);
  }

  @Get(':playback_restriction_id')
  @Describe({ summary: 'Get a playback restriction', answer: playbackRestrictionAnswer })
  read(
    @Caller() caller: Principal,
    @Param('playback_restriction_id', { schema: playbackRestrictionParam }) id: string,
  ): Promise<PlaybackRestrictionAnswer> {
    return this.restrictions.read(caller, id);
  }

  @Patch(':playback_restriction_id')
  @Conditional()
  @Describe({
    summary: 'Update a playback restriction',
    description: 'Holds for viewers who are watching within five seconds.',
    answer: playbackRestrictionAnswer,
  })
  update(
    @Caller() caller: Principal,
    @Param('playback_restriction_id', { schema: playbackRestrictionParam }) id: string,
    @Body({ schema: updatePlaybackRestrictionBody }) body: UpdatePlaybackRestrictionBody,
  ): Promise<PlaybackRestrictionAnswer> {
    return this.restrictions.update(caller, id, body);
  }

  @Delete(':playback_restriction_id')
  @Conditional()
  @Describe({
    summary: 'Delete a playback restriction',
    description: 'Tokens that name it are refused from then on, and the sessions that they began end.',
  })
  remove(
    @Caller() caller: Principal,
    @Param('playback_restriction_id', { schema: playbackRestrictionParam }) id: string,
  ): Promise<void> {
    return this.restrictions.remove(caller, id);
  }
}
