// What runs before every controller: authentication, validation, and the form of errors.
import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import type { Logger } from '@millrace/service-kit';
import { ApiKeyGuard } from '../api-keys/api-key.guard.ts';
import { ApiKeysModule } from '../api-keys/api-keys.module.ts';
import { ChangeInterceptor } from '../audit/change-interceptor.ts';
import { DatabaseModule } from '../database/database.module.ts';
import { EntityTags } from '../etags/conditional.ts';
import type { GatewayMetrics } from '../ports/gateway-metrics.ts';
import { GATEWAY_LOGGER, GATEWAY_METRICS } from '../ports/tokens.ts';
import { ProblemFilter } from './problem-filter.ts';
import { RequestPipe } from './request-pipe.ts';
import { RequestsInFlight } from './requests-in-flight.ts';

@Module({
  imports: [ApiKeysModule, DatabaseModule],
  providers: [
    RequestsInFlight,
    { provide: APP_GUARD, useClass: ApiKeyGuard },
    { provide: APP_PIPE, useClass: RequestPipe },
    { provide: APP_INTERCEPTOR, useClass: ChangeInterceptor },
    { provide: APP_INTERCEPTOR, useClass: EntityTags },
    {
      provide: APP_FILTER,
      inject: [GATEWAY_LOGGER, GATEWAY_METRICS],
      useFactory: (logger: Logger, { quotaRejections }: GatewayMetrics) =>
        new ProblemFilter(logger, () => quotaRejections.inc({ kind: 'api' })),
    },
  ],
})
export class ServerModule {}
