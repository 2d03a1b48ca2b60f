// Asks gateways who users are, for all threads.
import type { AuthorizeRelayAnswer, RelayControl } from '@millrace/control';
import type { Span, Tracer } from '@millrace/service-kit';
import type { RelayAnswer } from './auth/relay-authorizer.ts';
import type { QuotaRegistry } from './limits/quota-registry.ts';
import type { TurnMetrics } from './metrics/turn-metrics.ts';

export interface RelayAuthorizationOptions {
  readonly control: RelayControl;
  readonly registry: QuotaRegistry;
  readonly metrics: TurnMetrics;
  readonly tracer: Tracer;
  readonly turnId: string;
  readonly timeoutMs: number;
  readonly nowMs: () => number;
}

const UNAVAILABLE: RelayAnswer = { granted: false, refusal: 'unavailable' };

export class RelayAuthorization {
  readonly #options: RelayAuthorizationOptions;

  constructor(options: RelayAuthorizationOptions) {
    this.#options = options;
  }

  /** Never fails: who cannot be asked about is `unavailable`. */
  async ask(username: string): Promise<RelayAnswer> {
    const { control, metrics, tracer, turnId, timeoutMs, nowMs } = this.#options;
    const startedAtMs = nowMs();
    const attributes = { 'millrace.instance_id': turnId };
    const span = tracer.start('turn.authorize', { kind: 'server', attributes });
    const answer = await tracer
      .within(span, () => control.authorizeRelay({ username, turnId }, timeoutMs))
      .catch((): AuthorizeRelayAnswer => ({ granted: false, refusal: 'unavailable' }));
    const outcome = answer.granted ? 'granted' : answer.refusal;
    metrics.authorizeSeconds.observe({ outcome }, (nowMs() - startedAtMs) / 1000);
    if (answer.granted) span.set({ 'millrace.tenant_id': answer.tenantId });
    span.set({ 'millrace.outcome': outcome });
    span.end({ failure: answer.granted ? undefined : outcome });
    return answer.granted ? this.#withSlots(answer, span) : answer;
  }

  #withSlots(answer: Extract<AuthorizeRelayAnswer, { granted: true }>, { traceparent }: Span): RelayAnswer {
    const { registry, nowMs } = this.#options;
    const { tenantId, subject, expiresAtMs, passwords, limits } = answer;
    const tenantSlot = registry.slotOf(tenantId, nowMs());
    const userSlot = registry.slotOf(`${tenantId}:${subject}`, nowMs());
    if (tenantSlot === undefined || userSlot === undefined) return UNAVAILABLE;
    const slots = { tenantSlot, userSlot };
    return { granted: true, grant: { tenantId, subject, expiresAtMs, passwords, limits, ...slots, traceparent } };
  }
}
