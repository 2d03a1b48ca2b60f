// Calls to the live store that failed and are tried again: counted, and logged for those who look.
import { Inject, Injectable } from '@nestjs/common';
import { LOGGER } from '@millrace/service-kit';
import type { Logger } from '@millrace/service-kit';
import { PACKAGER_METRICS } from '../packager-options.ts';
import type { PackagerMetrics } from './packager-metrics.ts';

@Injectable()
export class StoreFailures {
  constructor(
    @Inject(PACKAGER_METRICS) private readonly metrics: PackagerMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @param op one of those that `packagerMetrics` lists */
  failed(op: string, error: unknown): void {
    this.metrics.failures.inc({ op });
    this.logger.debug({ err: error, op }, 'a call to the live store failed');
  }
}
