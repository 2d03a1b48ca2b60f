import { Body, Controller, Get, Param, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { idField } from '../http/fields.ts';
import { Describe } from '../http/describe.ts';
import { quotasAnswer, readQuotasQuery, setQuotasBody } from './quotas.dto.ts';
import type { QuotasAnswer, ReadQuotasQuery, SetQuotasBody } from './quotas.dto.ts';
import { QuotasService } from './quotas.service.ts';

@ApiTags('Usage')
@Controller('v1')
export class QuotasController {
  constructor(private readonly quotas: QuotasService) {}

  @Get('quotas')
  @Access('tenant', 'usage')
  @Describe({
    summary: 'Get quotas',
    description: 'The limits of a tenant, and how much of each it uses now.',
    answer: quotasAnswer,
  })
  read(@Caller() caller: Principal, @Query({ schema: readQuotasQuery }) query: ReadQuotasQuery): Promise<QuotasAnswer> {
    return this.quotas.read(caller, query);
  }

  @Put('tenants/:tenant_id/quotas')
  @Access('tenant', 'tenant')
  @Describe({
    summary: 'Set quotas',
    description: 'Requires the operator key. Only the quotas that the body names change.',
    answer: quotasAnswer,
  })
  set(
    @Caller() caller: Principal,
    @Param('tenant_id', { schema: idField('tenant') }) tenantId: string,
    @Body({ schema: setQuotasBody }) body: SetQuotasBody,
  ): Promise<QuotasAnswer> {
    return this.quotas.set(caller, tenantId, body);
  }
}
