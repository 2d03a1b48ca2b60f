// A span for each allocation, from its beginning to its end. Told once it is over: threads have no tracer of their own.
import type { RelayUsage } from '@millrace/control';
import type { Tracer } from '@millrace/service-kit';
import type { AllocationLife } from './allocation/upkeep.ts';

/** The user's answer served other allocations as well, so its span is linked, and is no parent. */
export function traceAllocation(
  tracer: Tracer,
  turnId: string,
  { tenantId, toMs }: Pick<RelayUsage, 'tenantId' | 'toMs'>,
  { beganAtMs, transport, sentBytes, receivedBytes, traceparent }: AllocationLife,
): void {
  const span = tracer.start('turn.allocation', {
    kind: 'server',
    links: [traceparent],
    startedAtMs: beganAtMs,
    attributes: {
      'millrace.tenant_id': tenantId,
      'millrace.instance_id': turnId,
      'millrace.protocol': transport,
      'millrace.sent_bytes': sentBytes,
      'millrace.received_bytes': receivedBytes,
    },
  });
  span.end({ endedAtMs: Math.max(toMs, beganAtMs) });
}
