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
  createIngestSourceBody,
  ingestSourceAnswer,
  ingestSourcePage,
  ingestSourceParam,
  listIngestSourcesQuery,
  updateIngestSourceBody,
} from './ingest-sources.dto.ts';
import type {
  CreateIngestSourceBody,
  IngestSourceAnswer,
  ListIngestSourcesQuery,
  UpdateIngestSourceBody,
} from './ingest-sources.dto.ts';
import { IngestSourcesService } from './ingest-sources.service.ts';

const streamParam = idField('liveStream');

@ApiTags('Ingest sources')
@Access('tenant', 'ingest_sources')
@Controller('v1/live_streams/:live_stream_id/ingest_sources')
export class IngestSourcesController {
  constructor(private readonly sources: IngestSourcesService) {}

  @Post()
  @Describe({
    summary: 'Create an ingest source',
    description:
      'An edge connects to the address, such as that of a camera, and publishes what it gets. When the edge dies, another one goes on; when the ' +
      'source fails, it is tried again, at growing intervals.',
    status: 201,
    answer: ingestSourceAnswer,
  })
  create(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: streamParam }) streamId: string,
    @Body({ schema: createIngestSourceBody }) body: CreateIngestSourceBody,
  ): Promise<IngestSourceAnswer> {
    return this.sources.create(caller, streamId, body);
  }

  @Get()
  @Describe({ summary: "List a stream's ingest sources, without their credentials", answer: ingestSourcePage })
  list(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: streamParam }) streamId: string,
    @Query({ schema: listIngestSourcesQuery }) query: ListIngestSourcesQuery,
  ): Promise<Page<IngestSourceAnswer>> {
    return this.sources.list(caller, streamId, query);
  }

  @Get(':ingest_source_id')
  @Describe({
    summary: 'Get an ingest source, with what has become of it and without its credentials',
    answer: ingestSourceAnswer,
  })
  read(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: streamParam }) streamId: string,
    @Param('ingest_source_id', { schema: ingestSourceParam }) id: string,
  ): Promise<IngestSourceAnswer> {
    return this.sources.read(caller, streamId, id);
  }

  @Patch(':ingest_source_id')
  @Conditional()
  @Describe({
    summary: 'Update an ingest source',
    description:
      'A new address, credentials or `enabled` take effect at once: the source is connected to again, and one that waits is tried again. A new ' +
      'address keeps the credentials only if its host is the same, unless they are given anew.',
    answer: ingestSourceAnswer,
  })
  update(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: streamParam }) streamId: string,
    @Param('ingest_source_id', { schema: ingestSourceParam }) id: string,
    @Body({ schema: updateIngestSourceBody }) body: UpdateIngestSourceBody,
  ): Promise<IngestSourceAnswer> {
    return this.sources.update(caller, streamId, id, body);
  }

  @Delete(':ingest_source_id')
  @Conditional()
  @Describe({ summary: 'Delete an ingest source', description: 'The edge that pulls it disconnects within a second.' })
  remove(
    @Caller() caller: Principal,
    @Param('live_stream_id', { schema: streamParam }) streamId: string,
    @Param('ingest_source_id', { schema: ingestSourceParam }) id: string,
  ): Promise<void> {
    return this.sources.remove(caller, streamId, id);
  }
}
