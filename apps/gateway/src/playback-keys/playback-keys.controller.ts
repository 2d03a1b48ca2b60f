import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Describe } from '../http/describe.ts';
import type { Page } from '../http/pages.ts';
import {
  createPlaybackKeyBody,
  listPlaybackKeysQuery,
  playbackKeyAnswer,
  playbackKeyPage,
  playbackKeyParam,
  playbackKeyWithPrivateKey,
} from './playback-keys.dto.ts';
import type {
  CreatePlaybackKeyBody,
  ListPlaybackKeysQuery,
  PlaybackKeyAnswer,
  PlaybackKeyWithPrivateKey,
} from './playback-keys.dto.ts';
import { PlaybackKeysService } from './playback-keys.service.ts';

@ApiTags('Playback keys')
@Access('tenant', 'playback')
@Controller('v1/playback_keys')
export class PlaybackKeysController {
  constructor(private readonly keys: PlaybackKeysService) {}

  @Post()
  @Describe({
    summary: 'Create or import a playback key',
    description:
      'With its private key a tenant signs playback tokens, which signed playback ids require. Without `public_key` and ' +
      '`public_jwk` a key pair is generated, and its private key is shown only once. To rotate, create a new key, use it, then ' +
      'revoke the old one: both are valid in between.',
    status: 201,
    answer: playbackKeyWithPrivateKey,
  })
  create(
    @Caller() caller: Principal,
    @Body({ schema: createPlaybackKeyBody }) body: CreatePlaybackKeyBody,
  ): Promise<PlaybackKeyWithPrivateKey> {
    return this.keys.create(caller, body);
  }

  @Get()
  @Describe({ summary: 'List playback keys', answer: playbackKeyPage })
  list(
    @Caller() caller: Principal,
    @Query({ schema: listPlaybackKeysQuery }) query: ListPlaybackKeysQuery,
  ): Promise<Page<PlaybackKeyAnswer>> {
    return this.keys.list(caller, query);
  }

  @Get(':playback_key_id')
  @Describe({ summary: 'Get a playback key', answer: playbackKeyAnswer })
  read(
    @Caller() caller: Principal,
    @Param('playback_key_id', { schema: playbackKeyParam }) id: string,
  ): Promise<PlaybackKeyAnswer> {
    return this.keys.read(caller, id);
  }

  @Delete(':playback_key_id')
  @Describe({
    summary: 'Revoke a playback key',
    description: 'Tokens signed with it are refused, and the sessions that they began end, within five seconds.',
  })
  revoke(
    @Caller() caller: Principal,
    @Param('playback_key_id', { schema: playbackKeyParam }) id: string,
  ): Promise<void> {
    return this.keys.revoke(caller, id);
  }
}
