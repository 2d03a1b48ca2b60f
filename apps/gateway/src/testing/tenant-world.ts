// A tenant with one of everything.
import type { AuthorizePublish } from '@millrace/control';
import type { PublishClaim } from '@millrace/domain';
import type { TestGateway } from './test-gateway.ts';

export interface World {
  readonly tenantId: string;
  readonly apiKeyId: string;
  readonly apiKey: string;
  readonly streamId: string;
  readonly playbackId: string;
  readonly streamKeyId: string;
  readonly streamKey: string;
}

/** Makes a tenant, its REST key, a live stream with its playback id, and a stream key. */
export async function makeWorld(gateway: TestGateway, tenant: Record<string, unknown> = {}): Promise<World> {
  const { id: tenantId } = await gateway.ok('POST', '/v1/tenants', { body: { name: 'a tenant', ...tenant } });
  const apiKey = await gateway.ok('POST', '/v1/api_keys', { body: { tenant_id: tenantId, name: 'test' } });
  const key = String(apiKey['key']);
  const stream = await gateway.ok('POST', '/v1/live_streams', { key, body: { name: 'a stream' } });
  const streamId = String(stream['id']);
  const streamKey = await gateway.ok('POST', `/v1/live_streams/${streamId}/stream_keys`, { key, body: {} });
  const [playback] = stream['playback_ids'] as { id: string }[];
  return {
    tenantId: String(tenantId),
    apiKeyId: String(apiKey['id']),
    apiKey: key,
    streamId,
    playbackId: playback?.id ?? '',
    streamKeyId: String(streamKey['id']),
    streamKey: String(streamKey['key']),
  };
}

/** Asks as an edge does. */
export const askToPublish = (
  gateway: TestGateway,
  key: string,
  edgeId = 'edge-1',
  more: Pick<AuthorizePublish, 'role' | 'mayWait'> = {},
) =>
  gateway.control.authorizePublish(
    { key, app: 'live', edgeId, protocol: 'rtmp', clientAddress: '192.0.2.1', encoder: 'obs-studio', ...more },
    5_000,
  );

/** Publishes. @throws when that is refused */
export async function publish(gateway: TestGateway, key: string, edgeId = 'edge-1'): Promise<PublishClaim> {
  const answer = await askToPublish(gateway, key, edgeId);
  if (!answer.granted) throw new Error(`refused: ${answer.refusal}`);
  return answer.claim;
}

/** Asking without a pause would take the time from what is waited for. */
const LOOK_MS = 5;

/** Waits until something holds, asking again and again. @throws after ten seconds */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`not within ten seconds: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
