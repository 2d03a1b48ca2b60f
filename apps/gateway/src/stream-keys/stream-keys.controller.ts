import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Conditional } from '../etags/conditional.ts';
import { Describe } from '../http/describe.ts';
import { idField } from '../http/fields.ts';
import type { Page } from '../http/pages.ts';
import {
  createStreamKeyBody,
  listStreamKeysQuery,
  rotateStreamKeyBody,
  streamKeyAnswer,
  streamKeyPage,
  streamKeyParam,
  streamKeyWithSecret,
} from './stream-keys.dto.ts';
import type {
  CreateStreamKeyBody,
  ListStreamKeysQuery,
  RotateStreamKeyBody,
  StreamKeyAnswer,
  StreamKeyWithSecret,
} from './stream-keys.dto.ts';
import { StreamKeysService } from './stream-keys.service.ts';

const streamParam = idField('liveStream');

@ApiTags('Stream keys')
@Access('tenant', 'stream_keys')
@Controller('v1/live_streams/:live_stream_id/stream_keys')
export class StreamKeysController {
  constructor(private readonly keys: StreamKeysService) {}

  @Post()
  @Describe({
    summary: 'Create a stream key',
    description: 'The secret is shown only once: enter it in the encoder.',
    status: 201,
    answer: streamKeyWithSecret,
  })
  create(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: streamParam }) streamId: string,
    @Body({ schema: createStreamKeyBody }) body: CreateStreamKeyBody,
  ): Promise<StreamKeyWithSecret> {
    return this.keys.create(caller, streamId, body);
  }

  @Get()
  @Describe({ summary: 'List stream keys, without their secrets', answer: streamKeyPage })
  list(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: streamParam }) streamId: string,
    @Query({ schema: listStreamKeysQuery }) query: ListStreamKeysQuery,
  ): Promise<Page<StreamKeyAnswer>> {
    return this.keys.list(caller, streamId, query);
  }

  @Get(':stream_key_id')
  @Describe({ summary: 'Get a stream key, without its secret', answer: streamKeyAnswer })
  read(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: streamParam }) streamId: string,
    @Param('stream_key_id', { schema: streamKeyParam }) id: string,
  ): Promise<StreamKeyAnswer> {
    return this.keys.read(caller, streamId, id);
  }

  @Delete(':stream_key_id')
  @Conditional()
  @Describe({
    summary: 'Revoke a stream key',
    description: 'Disconnects its publisher within a second, on any edge.',
  })
  revoke(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: streamParam }) streamId: string,
    @Param('stream_key_id', { schema: streamKeyParam }) id: string,
  ): Promise<void> {
    return this.keys.revoke(caller, streamId, id);
  }

  @Post(':stream_key_id/reveal')
  @Access('tenant', 'stream_key_secrets')
  @Describe({
    summary: 'Reveal the secret of a stream key',
    description:
      'For an encoder that has to be set up again. Requires a scope of its own, and leaves an audit event. Not possible for keys of early ' +
      'releases (409): rotate those.',
    answer: streamKeyWithSecret,
  })
  reveal(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: streamParam }) streamId: string,
    @Param('stream_key_id', { schema: streamKeyParam }) id: string,
  ): Promise<StreamKeyWithSecret> {
    return this.keys.reveal(caller, streamId, id);
  }

  @Post(':stream_key_id/rotate')
  @Describe({
    summary: 'Rotate a stream key',
    description: 'Creates a new key, shown only once; the old key keeps working for the grace period.',
    status: 201,
    answer: streamKeyWithSecret,
  })
  rotate(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: streamParam }) streamId: string,
    @Param('stream_key_id', { schema: streamKeyParam }) id: string,
    @Body({ schema: rotateStreamKeyBody }) body: RotateStreamKeyBody,
  ): Promise<StreamKeyWithSecret> {
    return this.keys.rotate(caller, streamId, id, body);
  }
}
