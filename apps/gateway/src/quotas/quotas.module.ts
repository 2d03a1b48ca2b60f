import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.ts';
import { KnownModule } from '../known/known.module.ts';
import { UsageModule } from '../usage/usage.module.ts';
import { ApiUse } from './api-use.ts';
import { EgressOfMonth } from './egress-of-month.ts';
import { PlaybackQuotas } from './playback-quotas.ts';
import { QuotaLevelEntity } from './quota-level.entity.ts';
import { QuotaUses } from './quota-use.ts';
import { QuotaWatch } from './quota-watch.ts';
import { QuotasController } from './quotas.controller.ts';
import { QuotasService } from './quotas.service.ts';

@Module({
  imports: [DatabaseModule.withEntities(QuotaLevelEntity), KnownModule, UsageModule],
  controllers: [QuotasController],
  providers: [ApiUse, EgressOfMonth, PlaybackQuotas, QuotaUses, QuotaWatch, QuotasService],
  exports: [PlaybackQuotas],
})
export class QuotasModule {}
