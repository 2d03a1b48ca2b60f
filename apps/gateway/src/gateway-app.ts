// The Nest application around the gateway's modules: for the gateway alone, and for `standalone`, which adds others.
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestLogger, NO_TRACER, TraceInterceptor } from '@millrace/service-kit';
import type { Logger, Metrics, Tracer } from '@millrace/service-kit';
import { registerDocs } from './docs/docs.routes.ts';
import { createHttpAdapter } from './server/http-adapter.ts';
import type { GatewaySettings } from './settings.ts';

export interface GatewayAppOptions {
  /** `GatewayModule.register(…)`, or a module that imports it. */
  readonly module: DynamicModule | Type;
  readonly settings: GatewaySettings;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** None when not given. */
  readonly tracer?: Tracer;
}

/**
 * Makes the application. Connect its microservice, then `startAllMicroservices()`, then `listen(settings.httpPort,
 * settings.httpHost)`; `close()` lets requests in flight finish.
 */
export async function createGatewayApp(options: GatewayAppOptions): Promise<NestFastifyApplication> {
  const { module, settings, metrics, logger, tracer = NO_TRACER } = options;
  const app = await NestFactory.create<NestFastifyApplication>(
    module,
    createHttpAdapter(settings, metrics, logger, tracer),
    {
      logger: new NestLogger(logger),
      bodyParser: false,
      abortOnError: false,
    },
  );
  if (tracer.isOn) app.useGlobalInterceptors(new TraceInterceptor(tracer));
  registerDocs(app);
  return app;
}
