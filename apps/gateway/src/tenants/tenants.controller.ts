import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Conditional } from '../etags/conditional.ts';
import { Describe } from '../http/describe.ts';
import type { Page } from '../http/pages.ts';
import {
  createTenantBody,
  deleteTenantQuery,
  listTenantsQuery,
  tenantAnswer,
  tenantPage,
  tenantParam,
  updateTenantBody,
} from './tenants.dto.ts';
import type {
  CreateTenantBody,
  DeleteTenantQuery,
  ListTenantsQuery,
  TenantAnswer,
  UpdateTenantBody,
} from './tenants.dto.ts';
import { TenantsService } from './tenants.service.ts';

@ApiTags('Tenants')
@Controller('v1/tenants')
export class TenantsController {
  constructor(private readonly tenants: TenantsService) {}

  @Post()
  @Access('operator')
  @Describe({ summary: 'Create a tenant', status: 201, answer: tenantAnswer })
  create(
    @Caller() caller: Principal,
    @Body({ schema: createTenantBody }) body: CreateTenantBody,
  ): Promise<TenantAnswer> {
    return this.tenants.create(caller, body);
  }

  @Get()
  @Access('tenant', 'tenant')
  @Describe({ summary: 'List tenants', description: 'A tenant sees only itself.', answer: tenantPage })
  list(
    @Caller() caller: Principal,
    @Query({ schema: listTenantsQuery }) query: ListTenantsQuery,
  ): Promise<Page<TenantAnswer>> {
    return this.tenants.list(caller, query);
  }

  @Get(':tenant_id')
  @Access('tenant', 'tenant')
  @Describe({ summary: 'Get a tenant', answer: tenantAnswer })
  read(@Caller() caller: Principal, @Param('tenant_id', { schema: tenantParam }) id: string): Promise<TenantAnswer> {
    return this.tenants.read(caller, id);
  }

  @Patch(':tenant_id')
  @Conditional()
  @Access('tenant', 'tenant')
  @Describe({
    summary: 'Update a tenant',
    description: 'Requires the operator key; `require_signed_playback` alone can be changed by the tenant itself.',
    answer: tenantAnswer,
  })
  update(
    @Caller() caller: Principal,
    @Param('tenant_id', { schema: tenantParam }) id: string,
    @Body({ schema: updateTenantBody }) body: UpdateTenantBody,
  ): Promise<TenantAnswer> {
    return this.tenants.update(caller, id, body);
  }

  @Delete(':tenant_id')
  @Conditional()
  @Access('tenant', 'tenant')
  @Describe({
    summary: 'Delete a tenant and everything it has',
    description:
      'Requires the operator key. Its keys are refused, and its publishers and calls disconnected within a second. Its data is ' +
      'kept for a time (`purge_at`), in which it can be restored.',
  })
  remove(
    @Caller() caller: Principal,
    @Param('tenant_id', { schema: tenantParam }) id: string,
    @Query({ schema: deleteTenantQuery }) query: DeleteTenantQuery,
  ): Promise<void> {
    return this.tenants.remove(caller, id, query);
  }

  @Post(':tenant_id/restore')
  @Access('tenant', 'tenant')
  @Describe({
    summary: 'Restore a deleted tenant',
    description: 'Requires the operator key. It is suspended afterwards: resume it.',
    answer: tenantAnswer,
  })
  restore(@Caller() caller: Principal, @Param('tenant_id', { schema: tenantParam }) id: string): Promise<TenantAnswer> {
    return this.tenants.restore(caller, id);
  }

  @Post(':tenant_id/suspend')
  @Access('tenant', 'tenant')
  @Describe({
    summary: 'Suspend a tenant',
    description:
      "Requires the operator key. Refuses the tenant's keys, and disconnects its publishers and calls within a second.",
    answer: tenantAnswer,
  })
  suspend(@Caller() caller: Principal, @Param('tenant_id', { schema: tenantParam }) id: string): Promise<TenantAnswer> {
    return this.tenants.setStatus(caller, id, 'suspended');
  }

  @Post(':tenant_id/resume')
  @Access('tenant', 'tenant')
  @Describe({ summary: 'Resume a tenant', description: 'Requires the operator key.', answer: tenantAnswer })
  resume(@Caller() caller: Principal, @Param('tenant_id', { schema: tenantParam }) id: string): Promise<TenantAnswer> {
    return this.tenants.setStatus(caller, id, 'active');
  }
}
