// What runs before every controller: authentication, validation, and the form of errors.
import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { CertificateWatcher } from '@millrace/service-kit';
import type { Logger, Metrics } from '@millrace/service-kit';
import { ApiKeyGuard } from '../api-keys/api-key.guard.ts';
import { ApiKeysModule } from '../api-keys/api-keys.module.ts';
import { ChangeInterceptor } from '../audit/change-interceptor.ts';
import { DatabaseModule } from '../database/database.module.ts';
import { EntityTags } from '../etags/conditional.ts';
import type { GatewayMetrics } from '../ports/gateway-metrics.ts';
import { GATEWAY_LOGGER, GATEWAY_METRICS, GATEWAY_SETTINGS, HTTPS_CERTIFICATE, METRICS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { createHttpsMetrics, HttpsListener } from './https-listener.ts';
import { ProblemFilter } from './problem-filter.ts';
import { RequestPipe } from './request-pipe.ts';
import { RequestsInFlight } from './requests-in-flight.ts';

@Module({
  imports: [ApiKeysModule, DatabaseModule],
  providers: [
    RequestsInFlight,
    {
      provide: HTTPS_CERTIFICATE,
      inject: [GATEWAY_SETTINGS, METRICS, GATEWAY_LOGGER],
      useFactory: ({ httpsCertFile, httpsKeyFile }: GatewaySettings, metrics: Metrics, logger: Logger) =>
        CertificateWatcher.open({
          certificate: { variable: 'MILLRACE_HTTPS_CERT_FILE', file: httpsCertFile },
          key: { variable: 'MILLRACE_HTTPS_KEY_FILE', file: httpsKeyFile },
          metrics: createHttpsMetrics(metrics),
          logger,
        }),
    },
    HttpsListener,
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
