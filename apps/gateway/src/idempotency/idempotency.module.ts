import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { AuthModule } from '../auth/auth.module.ts';
import { DatabaseModule } from '../database/database.module.ts';
import { IdempotencyInterceptor } from './idempotency-interceptor.ts';
import { IdempotencyKeyEntity } from './idempotency-key.entity.ts';
import { IdempotencyKeys } from './idempotency-keys.ts';

@Module({
  imports: [AuthModule, DatabaseModule.withEntities(IdempotencyKeyEntity)],
  providers: [IdempotencyKeys, { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor }],
  exports: [IdempotencyKeys],
})
export class IdempotencyModule {}
