// What the process gives to its service, by injection token.
import type { Provider } from '@nestjs/common';
import type { Logger } from '../logging/logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Readiness } from '../health/readiness.ts';
import { NO_TRACER } from '../tracing/tracer.ts';
import type { Tracer } from '../tracing/tracer.ts';

export const LOGGER = Symbol('Logger');
export const METRICS = Symbol('Metrics');
export const READINESS = Symbol('Readiness');
export const TRACER = Symbol('Tracer');

export interface ContextValues {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
  /** None when not given. */
  readonly tracer?: Tracer | undefined;
}

/** For the module of a service. */
export function contextProviders({ logger, metrics, readiness, tracer = NO_TRACER }: ContextValues): Provider[] {
  return [
    { provide: LOGGER, useValue: logger },
    { provide: METRICS, useValue: metrics },
    { provide: READINESS, useValue: readiness },
    { provide: TRACER, useValue: tracer },
  ];
}
