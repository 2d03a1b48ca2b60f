import { Module } from '@nestjs/common';
import { UsageLedger } from '@millrace/control';
import { DatabaseModule } from '../database/database.module.ts';
import { ExportsModule } from '../exports/exports.module.ts';
import { TenantsModule } from '../tenants/tenants.module.ts';
import { UsageAmountEntity } from './usage-amount.entity.ts';
import { UsageHours } from './usage-hours.ts';
import { UsageOfTenant } from './usage-of-tenant.ts';
import { UsageWriter } from './usage-writer.ts';
import { UsageController, UsageReportsController } from './usage.controller.ts';
import { UsageService } from './usage.service.ts';

@Module({
  imports: [DatabaseModule.withEntities(UsageAmountEntity), ExportsModule, TenantsModule],
  controllers: [UsageController, UsageReportsController],
  providers: [
    UsageService,
    UsageWriter,
    UsageHours,
    UsageOfTenant,
    { provide: UsageLedger, useFactory: () => new UsageLedger() },
  ],
  exports: [UsageLedger, UsageWriter],
})
export class UsageModule {}
