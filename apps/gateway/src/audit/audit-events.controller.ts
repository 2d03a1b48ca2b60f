import { Controller, Get, HttpCode, Param, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Exports } from '../exports/exports.ts';
import { Describe } from '../http/describe.ts';
import type { Page } from '../http/pages.ts';
import {
  auditEventAnswer,
  auditEventPage,
  auditEventParam,
  exportAuditEventsQuery,
  listAuditEventsQuery,
} from './audit-events.dto.ts';
import type { AuditEventAnswer, ExportAuditEventsQuery, ListAuditEventsQuery } from './audit-events.dto.ts';
import { AuditEventsService } from './audit-events.service.ts';

const TYPES = { ndjson: 'application/x-ndjson; charset=utf-8', csv: 'text/csv; charset=utf-8; header=present' };

@ApiTags('Audit log')
@Access('tenant', 'audit')
@Controller('v1/audit_events')
export class AuditEventsController {
  constructor(
    private readonly events: AuditEventsService,
    private readonly exports: Exports,
  ) {}

  @Get()
  @Describe({
    summary: 'List audit events',
    description:
      'Changes through this API: who, from where, what, before and after; newest first. Kept for a year by default.',
    answer: auditEventPage,
  })
  list(
    @Caller() caller: Principal,
    @Query({ schema: listAuditEventsQuery }) query: ListAuditEventsQuery,
  ): Promise<Page<AuditEventAnswer>> {
    return this.events.list(caller, query);
  }

  @Get('export')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Export audit events',
    description: 'Every audit event that fits, newest first, as a file: newline-delimited JSON or CSV.',
  })
  // Generators of clients drop what is not JSON.
  @ApiResponse({ status: 200, description: 'The events as `application/x-ndjson` or `text/csv`.' })
  export(
    @Caller() caller: Principal,
    @Query({ schema: exportAuditEventsQuery }) query: ExportAuditEventsQuery,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const file = { name: `audit-events.${query.format}`, type: TYPES[query.format] };
    return this.exports.send(caller, reply, file, this.events.export(caller, query));
  }

  @Get(':audit_event_id')
  @Describe({ summary: 'Get an audit event', answer: auditEventAnswer })
  read(
    @Caller() caller: Principal,
    @Param('audit_event_id', { schema: auditEventParam }) id: string,
  ): Promise<AuditEventAnswer> {
    return this.events.read(caller, id);
  }
}
