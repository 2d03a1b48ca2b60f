// "May this encoder publish?", asked of the tenant's own endpoint: signed, within a deadline, with places for each tenant.
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { newId } from '@millrace/domain';
import type { Logger } from '@millrace/service-kit';
import type { PublishAuthorizerFact } from '../known/facts.ts';
import { GATEWAY_LOGGER, GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { sendWebhook } from '../webhooks/webhook-sender.ts';
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
    if (asked >= this.settings.publishAuthorizerRequestsPerTenant)
      return this.#undecided(authorizer, question, `${asked} requests are waiting for an answer already`);
    this.#open.set(tenantId, asked + 1);
    try {
      const { statusCode, error } = await this.#send(authorizer, question);
      if (error === null) return 'permitted';
      if (REFUSALS.has(statusCode)) return 'refused';
      return this.#undecided(authorizer, question, error);
    } finally {
      const left = (this.#open.get(tenantId) ?? 1) - 1;
      if (left > 0) this.#open.set(tenantId, left);
      else this.#open.delete(tenantId);
    }
  }

  #send(authorizer: PublishAuthorizerFact, question: PublishQuestion): ReturnType<typeof sendWebhook> {
    const { tenantId } = question;
    const id = newId('req');
    const nowMs = Date.now();
    const body = JSON.stringify({
      id,
      type: 'publish.authorize',
      created_at: new Date(nowMs).toISOString(),
      tenant_id: tenantId,
      live_stream_id: question.streamId,
      stream_key_id: question.streamKeyId,
      app: question.app,
      protocol: question.protocol,
      encoder: question.encoder,
      client_address: question.clientAddress,
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
