import { Controller, Get, HttpCode, Param, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Access } from '../auth/access.ts';
import { Caller, requireScope } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Exports } from '../exports/exports.ts';
import { TenantExport } from './tenant-export.ts';
import { tenantParam } from './tenants.dto.ts';
import { TenantsService } from './tenants.service.ts';

@ApiTags('Tenants')
@Access('tenant', 'tenant')
@Controller('v1/tenants')
export class TenantExportController {
  constructor(
    private readonly tenants: TenantsService,
    private readonly data: TenantExport,
    private readonly exports: Exports,
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
    const file = { name: `${id}.ndjson`, type: 'application/x-ndjson' };
    await this.exports.send(caller, reply, file, this.data.lines(id));
  }
}
