// Sends due deliveries. Every gateway does so; PostgreSQL gives each delivery to one of them.
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@millrace/service-kit';
import { DatabaseUnavailable } from '../database/database.errors.ts';
import { Database } from '../database/database.ts';
import { EVENTS_COMMITTED } from '../events/append-event.ts';
import type { GatewayMetrics } from '../ports/gateway-metrics.ts';
import { GATEWAY_LOGGER, GATEWAY_METRICS, GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import type { ClaimedDelivery } from './delivery-queue.ts';
import type { WebhookEndpointEntity } from './webhook-endpoint.entity.ts';
import { sendWebhook } from './webhook-sender.ts';
import type { Attempt } from './webhook-sender.ts';
import { WebhookSecrets } from './webhook-secrets.ts';
import { signatureHeaders } from './webhook-signature.ts';
import { WebhookTargets } from './webhook-targets.ts';

/** How many deliveries to one endpoint are sent at once. */
const SENT_AT_ONCE_PER_ENDPOINT = 4;
/** How often the database is polled all the same: news of other gateways may be lost. */
const LOOK_MS = 30_000;
/** While PostgreSQL is away, or answers late. */
const RETRY_MS = 1_000;
/** A claim outlives the request by this, to leave time to record the attempt. */
const LEASE_EXTRA_MS = 30_000;

@Injectable()
export class WebhookDispatcher implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #sending = new Map<string, { readonly delivery: ClaimedDelivery; readonly done: Promise<void> }>();
  readonly #stop = new AbortController();
  readonly #targets: WebhookTargets;
  #running: Promise<void> = Promise.resolve();
  #news = false;
  #wake = (): void => undefined;
  #deaf = (): void => undefined;

  constructor(
    private readonly queue: DeliveryQueue,
    private readonly secrets: WebhookSecrets,
    private readonly database: Database,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
    @Inject(GATEWAY_METRICS) private readonly metrics: GatewayMetrics,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {
    this.#targets = new WebhookTargets(settings.webhookAllowedAddresses);
  }

  onApplicationBootstrap(): void {
    this.#deaf = this.database.commits.listen(EVENTS_COMMITTED, () => this.#call());
    this.#running = this.#run();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#deaf();
    this.#stop.abort();
    this.#wake();
    await this.#running;
    await Promise.all([...this.#sending.values()].map(({ done }) => done));
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#news = false;
      const claimed = await this.#claim();
      for (const delivery of claimed) this.#begin(delivery);
      if (claimed.length === 0) await this.#untilWorthALook(await this.#nextLookMs());
    }
  }

  async #claim(): Promise<ClaimedDelivery[]> {
    const { webhookDeliveriesAtOnce: atOnce, webhookDeliveriesAtOncePerTenant: perTenant } = this.settings;
    if (this.#sending.size >= atOnce || !this.database.isUp) return [];
    try {
      const sending = [...this.#sending.values()].map(({ delivery }) => delivery);
      const leaseMs = this.settings.webhookTimeoutMs + LEASE_EXTRA_MS;
      return await this.queue.claim(sending, { atOnce, perTenant, perEndpoint: SENT_AT_ONCE_PER_ENDPOINT, leaseMs });
    } catch (error) {
      // A slow database is not an outage, and must be noticed.
      if (!(error instanceof DatabaseUnavailable) || this.database.isUp)
        this.logger.error({ err: error }, 'cannot query due webhook deliveries');
      return [];
    }
  }

  /** How long until a delivery may be due. What falls due sooner, or is held up by another one, comes with news. */
  async #nextLookMs(): Promise<number> {
    if (this.#news || this.#stop.signal.aborted) return 0;
    if (!this.database.isUp) return RETRY_MS;
    try {
      return Math.min(LOOK_MS, (await this.queue.untilNextMs()) ?? LOOK_MS);
    } catch {
      // The next claim fails for the same reason, and says so.
      return RETRY_MS;
    }
  }

  #begin(delivery: ClaimedDelivery): void {
    const done = this.#deliver(delivery)
      .catch((error: unknown) => {
        // The claim ends by itself, and the delivery is sent once more.
        const level = error instanceof DatabaseUnavailable ? 'debug' : 'error';
        this.logger[level](
          { err: error, delivery_id: delivery.id },
          'could not record a webhook delivery; it will be sent again',
        );
      })
      .finally(() => {
        this.#sending.delete(delivery.id);
        this.#call();
      });
    this.#sending.set(delivery.id, { delivery, done });
  }

  async #deliver(delivery: ClaimedDelivery): Promise<void> {
    const found = await this.queue.read(delivery);
    if (found === undefined) return;
    const { endpoint } = found;
    const body = JSON.stringify(found.body);
    const startedAtMs = Date.now();
    const attempt = await this.#attempt(delivery, endpoint, body, startedAtMs);
    if (attempt.error !== null && this.#stop.signal.aborted) return this.queue.release(delivery);
    this.metrics.webhookAttempts.inc({ outcome: attempt.error === null ? 'accepted' : 'failed' });
    await this.queue.finish(delivery, endpoint.url, startedAtMs, attempt);
  }

  async #attempt(
    { eventId }: ClaimedDelivery,
    endpoint: WebhookEndpointEntity,
    body: string,
    startedAtMs: number,
  ): Promise<Attempt> {
    let secrets: string[];
    try {
      secrets = this.secrets.inForce(endpoint, startedAtMs);
    } catch (error) {
      this.logger.error({ err: error, endpoint_id: endpoint.id }, 'cannot open the secret of a webhook endpoint');
      const words = 'the secret of this endpoint cannot be read: rotate it';
      return { address: null, statusCode: null, responseBody: '', error: words };
    }
    return sendWebhook(this.#targets, {
      url: endpoint.url,
      headers: signatureHeaders(eventId, startedAtMs, body, secrets),
      body,
      timeoutMs: this.settings.webhookTimeoutMs,
      signal: this.#stop.signal,
    });
  }

  #call(): void {
    this.#news = true;
    this.#wake();
  }

  async #untilWorthALook(ms: number): Promise<void> {
    if (this.#news || this.#stop.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
