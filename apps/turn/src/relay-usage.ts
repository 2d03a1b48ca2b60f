// Passes on what threads tell of allocations: to the metrics, to the control plane, and, at the end of each, to the trace.
import { Inject, Injectable } from '@nestjs/common';
import { RELAY_CONTROL } from '@millrace/control';
import type { RelayControl } from '@millrace/control';
import { TRACER } from '@millrace/service-kit';
import type { Tracer } from '@millrace/service-kit';
import type { AllocationLife, AllocationUsage } from './allocation/upkeep.ts';
import { RelayUsageMetrics } from './metrics/relay-usage-metrics.ts';
import type { TurnSettings } from './settings.ts';
import { TURN_SETTINGS } from './turn-options.ts';

@Injectable()
export class RelayUsageReporter {
  constructor(
    private readonly metrics: RelayUsageMetrics,
    @Inject(RELAY_CONTROL) private readonly control: RelayControl,
    @Inject(TRACER) private readonly tracer: Tracer,
    @Inject(TURN_SETTINGS) private readonly settings: TurnSettings,
  ) {}

  report(told: AllocationUsage): void {
    this.metrics.told(told);
    const { life, ...usage } = told;
    this.control.relayUsage({ ...usage, turnId: this.settings.instanceId });
    if (life !== undefined) this.#trace(usage, life);
  }

  /**
   * A span for each allocation, from its beginning to its end. Threads have no tracer of their own. The user's answer served other
   * allocations as well, so its span is linked, and is no parent.
   */
  #trace(
    { tenantId, toMs }: Pick<AllocationUsage, 'tenantId' | 'toMs'>,
    { beganAtMs, transport, sentBytes, receivedBytes, traceparent }: AllocationLife,
  ): void {
    const span = this.tracer.start('turn.allocation', {
      kind: 'server',
      links: [traceparent],
      startedAtMs: beganAtMs,
      attributes: {
        'millrace.tenant_id': tenantId,
        'millrace.instance_id': this.settings.instanceId,
        'millrace.protocol': transport,
        'millrace.sent_bytes': sentBytes,
        'millrace.received_bytes': receivedBytes,
      },
    });
    span.end({ endedAtMs: Math.max(toMs, beganAtMs) });
  }
}
