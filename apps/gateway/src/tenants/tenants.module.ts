import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.ts';
import { KnownModule } from '../known/known.module.ts';
import { TenantDependents } from './tenant-dependents.ts';
import { TenantFactReader } from './tenant-fact-reader.ts';
import { TenantEntity } from './tenant.entity.ts';
import { TenantsController } from './tenants.controller.ts';
import { TenantsService } from './tenants.service.ts';

@Module({
  imports: [DatabaseModule.withEntities(TenantEntity), KnownModule],
  controllers: [TenantsController],
  providers: [TenantsService, TenantDependents, TenantFactReader],
  exports: [TenantDependents],
})
export class TenantsModule {}
