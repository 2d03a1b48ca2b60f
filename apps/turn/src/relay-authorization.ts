// Asks gateways who users are, for all threads.
import { Inject, Injectable } from '@nestjs/common';
import { RELAY_CONTROL } from '@millrace/control';
import type { AuthorizeRelayAnswer, RelayControl } from '@millrace/control';
import { TRACER } from '@millrace/service-kit';
import type { Span, Tracer } from '@millrace/service-kit';
import type { RelayAnswer } from './auth/relay-authorizer.ts';
import type { TurnClock } from './clock.ts';
import { QuotaRegistry } from './limits/quota-registry.ts';
import type { TurnMetrics } from './metrics/turn-metrics.ts';
import type { TurnSettings } from './settings.ts';
import { TURN_CLOCK, TURN_METRICS, TURN_SETTINGS } from './turn-options.ts';

const UNAVAILABLE = { granted: false, refusal: 'unavailable' } as const satisfies RelayAnswer;

@Injectable()
export class RelayAuthorization {
  constructor(
    @Inject(RELAY_CONTROL) private readonly control: RelayControl,
    private readonly registry: QuotaRegistry,
    @Inject(TURN_METRICS) private readonly metrics: TurnMetrics,
    @Inject(TRACER) private readonly tracer: Tracer,
    @Inject(TURN_SETTINGS) private readonly settings: TurnSettings,
    @Inject(TURN_CLOCK) private readonly clock: TurnClock,
  ) {}

  /** Never fails: a user that cannot be asked about is `unavailable`. */
  async ask(username: string): Promise<RelayAnswer> {
    const { instanceId: turnId, turnAuthorizeMs } = this.settings;
    const startedAtMs = this.clock.nowMs();
    const attributes = { 'millrace.instance_id': turnId };
    const span = this.tracer.start('turn.authorize', { kind: 'server', attributes });
    const answer = await this.tracer
      .within(span, () => this.control.authorizeRelay({ username, turnId }, turnAuthorizeMs))
      .catch((): AuthorizeRelayAnswer => ({ granted: false, refusal: 'unavailable' }));
    const outcome = answer.granted ? 'granted' : answer.refusal;
    this.metrics.authorizeSeconds.observe({ outcome }, (this.clock.nowMs() - startedAtMs) / 1000);
    if (answer.granted) span.set({ 'millrace.tenant_id': answer.tenantId });
    span.set({ 'millrace.outcome': outcome });
    span.end({ failure: answer.granted ? undefined : outcome });
    return answer.granted ? this.#withSlots(answer, span) : answer;
  }

  #withSlots(answer: Extract<AuthorizeRelayAnswer, { granted: true }>, { traceparent }: Span): RelayAnswer {
    const { tenantId, subject, expiresAtMs, passwords, limits } = answer;
    const nowMs = this.clock.nowMs();
    const tenantSlot = this.registry.tenantSlot(tenantId, nowMs);
    const userSlot = this.registry.userSlot(tenantId, subject, nowMs);
    if (tenantSlot === undefined) return UNAVAILABLE;
    if (userSlot === undefined) return { ...UNAVAILABLE, limit: 'max_users_per_tenant' };
    const slots = { tenantSlot, userSlot };
    return { granted: true, grant: { tenantId, subject, expiresAtMs, passwords, limits, ...slots, traceparent } };
  }
}
