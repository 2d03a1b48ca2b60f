// "May this encoder publish?", asked of the tenant's own endpoint: signed, within a deadline, with places for each tenant.
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { newId } from '@millrace/domain';
import type { Logger } from '@millrace/service-kit';
import type { PublishAuthorizerFact } from '../known/facts.ts';
import type { GatewayMetrics } from '../ports/gateway-metrics.ts';
import { GATEWAY_LOGGER, GATEWAY_METRICS, GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { sendWebhook, tooLate } from '../webhooks/webhook-sender.ts';
import type { Attempt } from '../webhooks/webhook-sender.ts';
import { WebhookSecrets } from '../webhooks/webhook-secrets.ts';
import { signatureHeaders } from '../webhooks/webhook-signature.ts';
import { WebhookTargets } from '../webhooks/webhook-targets.ts';

/** What the endpoint is told. */
export interface PublishQuestion {
  readonly tenantId: string;
  readonly streamId: string;
  readonly streamKeyId: string;
  readonly app: string;
  readonly protocol: string;
  readonly encoder: string;
  readonly clientAddress: string;
}

/** Asked for by the tenant: no encoder waits for the answer. */
export interface TestQuestion {
  readonly tenantId: string;
  readonly streamId: string | undefined;
}

/** `none`: anything but a decision. */
export type AuthorizerDecision = 'allowed' | 'refused' | 'none';

export interface TestedAuthorizer {
  readonly requestId: string;
  readonly decision: AuthorizerDecision;
  readonly attempt: Attempt;
  readonly durationMs: number;
}

/** `failed`: there is no decision, and the tenant wants publishers refused then. */
export type PublishVerdict = 'permitted' | 'refused' | 'failed';

const REFUSALS: ReadonlySet<number | null> = new Set([401, 403]);

@Injectable()
export class PublishPermission implements OnApplicationShutdown {
  readonly #targets: WebhookTargets;
  /** How many questions each tenant has open. */
  readonly #open = new Map<string, number>();
  readonly #stopping = new AbortController();

  constructor(
    private readonly secrets: WebhookSecrets,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
    @Inject(GATEWAY_METRICS) private readonly metrics: GatewayMetrics,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {
    this.#targets = new WebhookTargets(settings.webhookAllowedAddresses);
  }

  onApplicationShutdown(): void {
    this.#stopping.abort();
  }

  /** Does not fail. */
  async ask(authorizer: PublishAuthorizerFact, question: PublishQuestion): Promise<PublishVerdict> {
    const { tenantId } = question;
    const asked = this.#open.get(tenantId) ?? 0;
    if (asked >= this.settings.publishAuthorizerRequestsPerTenant) {
      this.metrics.publishAuthorizerAnswers.inc({ outcome: 'busy' });
      return this.#undecided(authorizer, question, `${asked} requests are waiting for an answer already`);
    }
    this.#open.set(tenantId, asked + 1);
    try {
      const attempt = await this.#send(authorizer, newId('req'), tenantId, {
        live_stream_id: question.streamId,
        stream_key_id: question.streamKeyId,
        app: question.app,
        protocol: question.protocol,
        encoder: question.encoder,
        client_address: question.clientAddress,
      });
      const decision = decisionOf(attempt);
      this.metrics.publishAuthorizerAnswers.inc({ outcome: decision === 'none' ? this.#failureOf(attempt) : decision });
      if (decision === 'none') return this.#undecided(authorizer, question, attempt.error ?? '');
      return decision === 'allowed' ? 'permitted' : 'refused';
    } finally {
      const left = (this.#open.get(tenantId) ?? 1) - 1;
      if (left > 0) this.#open.set(tenantId, left);
      else this.#open.delete(tenantId);
    }
  }

  /** Asks as for an encoder, beside the places of those. Does not fail. */
  async test(authorizer: PublishAuthorizerFact, { tenantId, streamId }: TestQuestion): Promise<TestedAuthorizer> {
    const requestId = newId('req');
    const startedAtMs = performance.now();
    const attempt = await this.#send(authorizer, requestId, tenantId, {
      test: true,
      live_stream_id: streamId ?? null,
      stream_key_id: null,
      app: 'live',
      protocol: 'rtmp',
      encoder: 'Millrace test',
      client_address: null,
    });
    const durationMs = Math.round(performance.now() - startedAtMs);
    return { requestId, decision: decisionOf(attempt), attempt, durationMs };
  }

  #send(authorizer: PublishAuthorizerFact, id: string, tenantId: string, asked: object): Promise<Attempt> {
    const nowMs = Date.now();
    const createdAt = new Date(nowMs).toISOString();
    const body = JSON.stringify({
      id,
      type: 'publish.authorize',
      created_at: createdAt,
      tenant_id: tenantId,
      ...asked,
    });
    const secrets = this.secrets.inForce(
      {
        id: tenantId,
        sealed: Buffer.from(authorizer.sealed, 'base64'),
        previousSealed: authorizer.previousSealed === null ? null : Buffer.from(authorizer.previousSealed, 'base64'),
        previousExpiresAt: authorizer.previousExpiresAtMs === null ? null : new Date(authorizer.previousExpiresAtMs),
      },
      nowMs,
    );
    return sendWebhook(this.#targets, {
      url: authorizer.url,
      headers: signatureHeaders(id, nowMs, body, secrets),
      body,
      timeoutMs: this.settings.publishAuthorizerTimeoutMs,
      signal: this.#stopping.signal,
    });
  }

  #failureOf({ error }: Attempt): 'timeout' | 'error' {
    return error === tooLate(this.settings.publishAuthorizerTimeoutMs) ? 'timeout' : 'error';
  }

  #undecided(
    { onFailure }: PublishAuthorizerFact,
    { tenantId, streamId }: PublishQuestion,
    error: string,
  ): PublishVerdict {
    this.logger.warn(
      { tenant_id: tenantId, stream_id: streamId, on_failure: onFailure, error },
      'a publish authorizer gave no decision',
    );
    return onFailure === 'allow' ? 'permitted' : 'failed';
  }
}

function decisionOf({ error, statusCode }: Attempt): AuthorizerDecision {
  if (error === null) return 'allowed';
  return REFUSALS.has(statusCode) ? 'refused' : 'none';
}
