// Passes on what threads tell of allocations: to the metrics, to the control plane, and, at the end of each, to the trace. What tenants
// have relayed is counted in the memory that the threads share.
import { Inject, Injectable } from '@nestjs/common';
import { RELAY_CONTROL, UsageReporter } from '@millrace/control';
import type { RelayControl } from '@millrace/control';
import { TRACER } from '@millrace/service-kit';
import type { Tracer } from '@millrace/service-kit';
import type { AllocationLife, AllocationUsage } from './allocation/upkeep.ts';
import type { TurnClock } from './clock.ts';
import { QuotaRegistry } from './limits/quota-registry.ts';
import { QuotaSlots } from './limits/quota-slots.ts';
import type { SlotUsage } from './limits/quota-slots.ts';
import { RelayUsageMetrics } from './metrics/relay-usage-metrics.ts';
import type { TurnSettings } from './settings.ts';
import { TURN_CLOCK, TURN_SETTINGS } from './turn-options.ts';

const BITS_PER_BYTE = 8;
/** A rate over less time says little. */
const SHORTEST_RATE_MS = 1_000;

@Injectable()
export class RelayUsageReporter {
  #countedAtMs: number;

  constructor(
    private readonly metrics: RelayUsageMetrics,
    @Inject(RELAY_CONTROL) private readonly control: RelayControl,
    @Inject(TRACER) private readonly tracer: Tracer,
    private readonly usage: UsageReporter,
    private readonly registry: QuotaRegistry,
    private readonly slots: QuotaSlots,
    @Inject(TURN_SETTINGS) private readonly settings: TurnSettings,
    @Inject(TURN_CLOCK) private readonly clock: TurnClock,
  ) {
    this.#countedAtMs = clock.nowMs();
    registry.onReleased = (tenantId, slot) => void this.#count(tenantId, slot);
    usage.ledger.beforeCollect(() => this.#countAll());
  }

  report(told: AllocationUsage): void {
    this.metrics.told(told);
    const { life, ...usage } = told;
    this.control.relayUsage({ ...usage, turnId: this.settings.instanceId });
    if (life !== undefined) this.#trace(usage, life);
  }

  #countAll(): void {
    const nowMs = this.clock.nowMs();
    const seconds = Math.max(SHORTEST_RATE_MS, nowMs - this.#countedAtMs) / 1_000;
    this.#countedAtMs = nowMs;
    const { ledger } = this.usage;
    for (const [tenantId, slot] of this.registry.tenants()) {
      const { offeredBytes } = this.#count(tenantId, slot);
      const allocations = this.slots.allocations(slot);
      const bits = (offeredBytes * BITS_PER_BYTE) / seconds;
      if (allocations > 0) ledger.measured({ tenantId, quota: 'relay_allocations', used: allocations });
      if (bits > 0) ledger.measured({ tenantId, quota: 'relay_bits_per_second', used: Math.round(bits) });
    }
  }

  #count(tenantId: string, slot: number): SlotUsage {
    const { ledger } = this.usage;
    const used = this.slots.takeUsage(slot);
    ledger.add({ tenantId, kind: 'relay_bytes' }, used.relayedBytes);
    ledger.add({ tenantId, kind: 'relay_refusals' }, used.refusedAllocations);
    return used;
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
