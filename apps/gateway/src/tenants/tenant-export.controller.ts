import { Controller, Get, HttpCode, Param, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';
import { Access } from '../auth/access.ts';
import { Caller, requireScope } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { ProblemError } from '../http/problem-error.ts';
import { TenantExport } from './tenant-export.ts';
import { tenantParam } from './tenants.dto.ts';
import { TenantsService } from './tenants.service.ts';

/** Each holds a connection, and reads whole tables. */
export const MAX_EXPORTS = 4;
const RETRY_AFTER_S = 10;

@ApiTags('Tenants')
@Access('tenant', 'tenant')
@Controller('v1/tenants')
export class TenantExportController {
  readonly #running = new Set<string>();

  constructor(
    private readonly tenants: TenantsService,
    private readonly data: TenantExport,
  ) {}

  @Get(':tenant_id/export')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Export all data of a tenant',
    description:
      'Requires the scope `*`. Newline-delimited JSON: a line `{"table", "row"}` for each row, without secrets, and at the end ' +
      '`{"complete": true, "rows"}`. Without that last line the export was cut short.',
  })
  // Generators of clients drop what is not JSON.
  @ApiResponse({ status: 200, description: 'The rows as `application/x-ndjson`.' })
  async export(
    @Caller() caller: Principal,
    @Param('tenant_id', { schema: tenantParam }) id: string,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.tenants.read(caller, id);
    requireScope(caller, '*');
    this.#begin(id);
    const lines = this.data.lines(id);
    try {
      // A database that is away is a problem document, not an empty file.
      const first = await lines.next();
      const body = Readable.from(following(first, lines));
      body.once('close', () => this.#running.delete(id));
      const file = `attachment; filename="${id}.ndjson"`;
      await reply.header('content-type', 'application/x-ndjson').header('content-disposition', file).send(body);
    } catch (error) {
      this.#running.delete(id);
      throw error;
    }
  }

  /** @throws ProblemError when this tenant is being exported already, or too many are */
  #begin(id: string): void {
    if (this.#running.has(id) || this.#running.size >= MAX_EXPORTS)
      throw new ProblemError('too_many_requests', 'An export is running already: try again when it has ended.', {
        headers: { 'retry-after': String(RETRY_AFTER_S) },
      });
    this.#running.add(id);
  }
}

async function* following(first: IteratorResult<string, unknown>, rest: AsyncIterable<string>): AsyncGenerator<string> {
  if (first.done !== true) yield first.value;
  yield* rest;
}
