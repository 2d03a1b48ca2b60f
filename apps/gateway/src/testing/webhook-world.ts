// A webhook endpoint of a tenant, with an event that is on its way to it.
import type { TestGateway } from './test-gateway.ts';
import type { World } from './tenant-world.ts';

/** Lets endpoints be on this machine; nothing listens at the address of `makeWebhookWorld`. */
export const WEBHOOKS_ON_LOOPBACK = { MILLRACE_WEBHOOK_ALLOWED_ADDRESSES: '127.0.0.0/8' };

export interface WebhookWorld {
  readonly webhookEndpointId: string;
  readonly webhookDeliveryId: string;
  readonly eventId: string;
}

export async function makeWebhookWorld(gateway: TestGateway, { tenantId, apiKey: key }: World): Promise<WebhookWorld> {
  const authorizer = { url: 'http://127.0.0.1:1/', on_failure: 'allow' };
  await gateway.ok('PUT', `/v1/tenants/${tenantId}/publish_authorizer`, { key, body: authorizer });
  const body = { url: 'http://127.0.0.1:1/', events: ['webhook_endpoint.test'] };
  const { id } = await gateway.ok('POST', '/v1/webhook_endpoints', { key, body });
  const delivery = await gateway.ok('POST', `/v1/webhook_endpoints/${String(id)}/test`, { key });
  return {
    webhookEndpointId: String(id),
    webhookDeliveryId: String(delivery['id']),
    eventId: String(delivery['event_id']),
  };
}
