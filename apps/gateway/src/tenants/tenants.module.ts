import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.ts';
import { ExportsModule } from '../exports/exports.module.ts';
import { KnownModule } from '../known/known.module.ts';
import { TenantDependents } from './tenant-dependents.ts';
import { TenantExport } from './tenant-export.ts';
import { TenantExportController } from './tenant-export.controller.ts';
import { TenantFactReader } from './tenant-fact-reader.ts';
import { TenantPurge } from './tenant-purge.ts';
import { TenantEntity } from './tenant.entity.ts';
import { TenantsController } from './tenants.controller.ts';
import { TenantsService } from './tenants.service.ts';

@Module({
  imports: [DatabaseModule.withEntities(TenantEntity), ExportsModule, KnownModule],
  controllers: [TenantsController, TenantExportController],
  providers: [TenantsService, TenantDependents, TenantFactReader, TenantExport, TenantPurge],
  exports: [TenantDependents],
})
export class TenantsModule {}
