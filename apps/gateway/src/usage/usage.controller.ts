import { Controller, Get, HttpCode, Query, Res } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { PayloadPipe, usageReportSchema, UsageSubject } from '@millrace/control';
import type { UsageReport, UsageReportAnswer } from '@millrace/control';
import type { FastifyReply } from 'fastify';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Exports } from '../exports/exports.ts';
import { Describe } from '../http/describe.ts';
import type { Page } from '../http/pages.ts';
import { UsageWriter } from './usage-writer.ts';
import { exportUsageQuery, listUsageQuery, usagePage } from './usage.dto.ts';
import type { ExportUsageQuery, ListUsageQuery, UsageAnswer } from './usage.dto.ts';
import { UsageService } from './usage.service.ts';

@ApiTags('Usage')
@Access('tenant', 'usage')
@Controller('v1/usage')
export class UsageController {
  constructor(
    private readonly usage: UsageService,
    private readonly exports: Exports,
  ) {}

  @Get()
  @Describe({
    summary: 'List usage',
    description:
      'What was used in each hour, oldest first: ingest, packaging, playback, relays and rooms. Up to ten seconds behind. ' +
      'The numbers of an hour can grow for a day after it, if a service could not report them earlier.',
    answer: usagePage,
  })
  list(
    @Caller() caller: Principal,
    @Query({ schema: listUsageQuery }) query: ListUsageQuery,
  ): Promise<Page<UsageAnswer>> {
    return this.usage.list(caller, query);
  }

  @Get('export')
  @HttpCode(200)
  @ApiOperation({ summary: 'Export usage', description: 'The same as CSV, with a header line: all of it.' })
  // Generators of clients drop what is not JSON.
  @ApiResponse({ status: 200, description: 'Rows as `text/csv`.' })
  async export(
    @Caller() caller: Principal,
    @Query({ schema: exportUsageQuery }) query: ExportUsageQuery,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const file = { name: 'usage.csv', type: 'text/csv; charset=utf-8' };
    await this.exports.send(caller, reply, file, this.usage.exportCsv(caller, query));
  }
}

/** What services hand over. */
@Controller()
export class UsageReportsController {
  constructor(private readonly writer: UsageWriter) {}

  @MessagePattern<string>(UsageSubject.reportUsage)
  async report(@Payload(new PayloadPipe(usageReportSchema)) report: UsageReport): Promise<UsageReportAnswer> {
    return { recorded: await this.writer.record(report) };
  }
}
