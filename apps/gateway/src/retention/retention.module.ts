import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.ts';
import { AddressRetention } from './address-retention.ts';
import { RetentionController } from './retention.controller.ts';

/** How long records are kept that several modules write. */
@Module({
  imports: [DatabaseModule],
  controllers: [RetentionController],
  providers: [AddressRetention],
})
export class RetentionModule {}
