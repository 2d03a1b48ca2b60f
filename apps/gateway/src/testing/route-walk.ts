// Every route that changes something, with a body and ids that make it succeed.
import { newId } from '@millrace/domain';
import type { PublishClaim } from '@millrace/domain';
import type { OpenAPIObject } from '@nestjs/swagger';
import { askToPublish } from './tenant-world.ts';
import type { World } from './tenant-world.ts';
import { makeWorld } from './tenant-world.ts';
import { makeRoomWorld } from './room-world.ts';
import type { RoomWorld } from './room-world.ts';
import { makeUser, TEST_PASSWORD, TestBrowser } from './test-browser.ts';
import type { TestGateway } from './test-gateway.ts';
import { makeWebhookWorld } from './webhook-world.ts';
import type { WebhookWorld } from './webhook-world.ts';

export type FullWorld = World &
  RoomWorld &
  WebhookWorld & {
    readonly banId: string;
    readonly sessionId: string;
    readonly userId: string;
    readonly consoleSessionId: string;
    readonly playbackKeyId: string;
    readonly playbackRestrictionId: string;
    readonly ingestSourceId: string;
    readonly simulcastTargetId: string;
  };

const RENEW_MS = 500;
/** Longer than any walk. */
const LONG_MS = 3_600_000;
/** A public address that no edge of a test pulls. */
const CAMERA = 'rtsp://93.184.216.34/door?secret=x';

/** What users do for themselves in the console, with the cookie of a session: see its specs. */
const BY_SESSION = [
  'POST /v1/console_logins',
  'DELETE /v1/console_sessions/current',
  'POST /v1/users/{user_id}/password',
  'POST /v1/users/{user_id}/totp',
  'POST /v1/users/{user_id}/totp/verify',
  'POST /v1/users/{user_id}/totp/disable',
];

export interface Write {
  readonly method: string;
  /** As in the OpenAPI document. */
  readonly path: string;
}

/** Makes a tenant with one of everything that REST has a path for. */
export async function makeFullWorld(gateway: TestGateway): Promise<FullWorld> {
  const world = await makeWorld(gateway);
  const rooms = await makeRoomWorld(gateway, world);
  const webhooks = await makeWebhookWorld(gateway, world);
  const banned = await makeRoomWorld(gateway, world);
  const { apiKey: key } = world;
  const at = `/v1/rooms/${rooms.roomId}`;
  const answer = await askToPublish(gateway, world.streamKey);
  const sessionId = answer.granted ? answer.claim.sessionId : '';
  if (answer.granted) stayConnected(gateway, answer.claim);
  const backup = await askToPublish(gateway, world.streamKey, 'edge-2', { role: 'backup', mayWait: true });
  if (backup.granted) await stayWaiting(gateway, backup.claim);
  await gateway.ok('DELETE', `/v1/rooms/${banned.roomId}/participants/${banned.participantId}`, { key });
  const bans = (await gateway.ok('GET', `/v1/rooms/${banned.roomId}/bans`, { key }))['data'] as { id: string }[];
  const made = async (path: string, body = {}): Promise<string> =>
    String((await gateway.ok('POST', path, { key, body }))['id']);
  const playback = {
    playbackKeyId: await made('/v1/playback_keys'),
    playbackRestrictionId: await made('/v1/playback_restrictions'),
    ingestSourceId: await made(`/v1/live_streams/${world.streamId}/ingest_sources`, { url: CAMERA }),
  };
  const target = await gateway.ok('POST', `/v1/live_streams/${world.streamId}/simulcast_targets`, {
    key,
    body: { url: 'rtmp://live.example.com/app', stream_key: 'walked' },
  });
  const simulcastTargetId = String(target['id']);
  const email = `${world.tenantId}@mill.example`;
  const userId = await makeUser(gateway, { email, role: 'viewer', tenant_id: world.tenantId });
  const { id: consoleSessionId } = await new TestBrowser(gateway).logIn({ email, password: TEST_PASSWORD });
  const own = { ...playback, simulcastTargetId, userId, consoleSessionId };
  return { ...world, ...rooms, ...webhooks, ...own, banId: `${banned.roomId}/${bans[0]?.id ?? at}`, sessionId };
}

/** As the edge does, until the claim is lost: some routes want a publisher, however long the walk takes. */
function stayConnected({ liveStore }: TestGateway, claim: PublishClaim): void {
  const renewing = setInterval(() => {
    void liveStore.renewClaims([claim]).then(([loss]) => {
      if (loss !== undefined) clearInterval(renewing);
    });
  }, RENEW_MS).unref();
}

/** As the edge of a backup encoder does, until it is asked to publish or is lost. */
async function stayWaiting(gateway: TestGateway, claim: PublishClaim): Promise<void> {
  const { liveStore } = gateway;
  const details = { protocol: 'rtmp', encoder: 'backup', clientAddress: '192.0.2.2' };
  const renew = async (): Promise<void> => {
    const report = { claim, silentMs: 0, isReady: true, details, newSessionId: newId('ses') };
    const [outcome] = await liveStore.renewStandbys([report], LONG_MS);
    if (outcome?.outcome !== 'waiting') clearInterval(renewing);
    if (outcome?.outcome === 'promoted') stayConnected(gateway, outcome.claim);
  };
  const renewing = setInterval(() => void renew(), RENEW_MS).unref();
  await renew();
}

/** The writes of the document: those that delete come last, and what contains others after what it contains. */
export function writesOf(document: OpenAPIObject): Write[] {
  const all = Object.entries(document.paths)
    .filter(([path]) => path.startsWith('/v1/'))
    .flatMap(([path, item]) =>
      (['post', 'put', 'patch', 'delete'] as const)
        .filter((method) => item[method] !== undefined && item[method].security === undefined)
        .map((method) => ({ method: method.toUpperCase(), path })),
    )
    .filter(({ method, path }) => !BY_SESSION.includes(`${method} ${path}`));
  return all.sort((a, b) => rank(a) - rank(b));
}

/** Keys that are replaced, and what is ended, are of no use afterwards. */
function rank({ method, path }: Write): number {
  const depth = path.split('/').length;
  if (/\/(suspend|resume)$/.test(path)) return 100;
  if (path.endsWith('/restore')) return 301;
  if (method === 'DELETE') return path === '/v1/tenants/{tenant_id}' ? 300 : 200 - depth;
  if (path.endsWith('/switch_encoder')) return 40;
  return /\/(rotate|rotate_secret|end|disable)$/.test(path) ? 50 : 0;
}

export function addressOf(path: string, world: FullWorld): string {
  const ids: Readonly<Record<string, string>> = {
    tenant_id: world.tenantId,
    api_key_id: world.apiKeyId,
    live_stream_id: world.streamId,
    stream_key_id: world.streamKeyId,
    playback_id: world.playbackId,
    session_id: world.sessionId,
    room_id: world.roomId,
    participant_id: world.participantId,
    signing_key_id: world.signingKeyId,
    ice_servers_id: world.iceServersId,
    event_id: world.eventId,
    webhook_endpoint_id: world.webhookEndpointId,
    webhook_delivery_id: world.webhookDeliveryId,
    playback_key_id: world.playbackKeyId,
    playback_restriction_id: world.playbackRestrictionId,
    ingest_source_id: world.ingestSourceId,
    simulcast_target_id: world.simulcastTargetId,
    user_id: world.userId,
    console_session_id: world.consoleSessionId,
  };
  if (path.endsWith('/bans/{ban_id}')) return `/v1/rooms/${world.banId.replace('/', '/bans/')}`;
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? `no example for ${name}`);
}

/** A body that is accepted. */
export function bodyOf({ method, path }: Write, { tenantId }: FullWorld): object | undefined {
  const bodies: Readonly<Record<string, object>> = {
    'POST /v1/tenants': { name: 'walked' },
    'PATCH /v1/tenants/{tenant_id}': { name: 'walked' },
    'PUT /v1/tenants/{tenant_id}/quotas': { live_streams: 7 },
    'PUT /v1/tenants/{tenant_id}/publish_authorizer': {
      url: 'http://127.0.0.1:1/decides?secret=x',
      on_failure: 'allow',
    },
    'POST /v1/tenants/{tenant_id}/publish_authorizer/rotate_secret': { grace_seconds: 60 },
    'POST /v1/tenants/{tenant_id}/publish_authorizer/test': {},
    'POST /v1/api_keys': { tenant_id: tenantId, name: 'walked' },
    'PATCH /v1/api_keys/{api_key_id}': { name: 'walked' },
    'POST /v1/api_keys/{api_key_id}/rotate': { grace_seconds: 3_600 },
    'POST /v1/live_streams': { tenant_id: tenantId, name: 'walked' },
    'PATCH /v1/live_streams/{live_stream_id}': { name: 'walked' },
    'POST /v1/live_streams/{live_stream_id}/stream_keys': {},
    'POST /v1/live_streams/{live_stream_id}/stream_keys/{stream_key_id}/rotate': { grace_seconds: 3_600 },
    'POST /v1/live_streams/{live_stream_id}/ingest_sources': { url: CAMERA },
    'PATCH /v1/live_streams/{live_stream_id}/ingest_sources/{ingest_source_id}': { name: 'walked' },
    'POST /v1/live_streams/{live_stream_id}/timed_metadata': { data: { text: 'walked' } },
    'POST /v1/live_streams/{live_stream_id}/simulcast_targets': {
      url: 'rtmp://live.example.com/app',
      stream_key: 'walked',
    },
    'PATCH /v1/live_streams/{live_stream_id}/simulcast_targets/{simulcast_target_id}': { name: 'walked' },
    'POST /v1/rooms': { tenant_id: tenantId, name: 'walked' },
    'PATCH /v1/rooms/{room_id}': { name: 'walked' },
    'POST /v1/rooms/{room_id}/tokens': { identity: 'walked' },
    'POST /v1/signing_keys': { tenant_id: tenantId },
    'POST /v1/ice_servers': { tenant_id: tenantId },
    'POST /v1/users': { tenant_id: tenantId, email: 'walked@mill.example', role: 'viewer' },
    'PATCH /v1/users/{user_id}': { name: 'walked' },
    'POST /v1/playback_keys': { tenant_id: tenantId },
    'POST /v1/playback_restrictions': { tenant_id: tenantId },
    'PATCH /v1/playback_restrictions/{playback_restriction_id}': { name: 'walked' },
    'POST /v1/viewer_sessions/revoke': { tenant_id: tenantId, viewer_id: 'walked' },
    'POST /v1/webhook_endpoints': { tenant_id: tenantId, url: 'http://127.0.0.1:1/hook?secret=x', events: ['*'] },
    'PATCH /v1/webhook_endpoints/{webhook_endpoint_id}': { description: 'walked' },
    'POST /v1/webhook_endpoints/{webhook_endpoint_id}/rotate_secret': { grace_seconds: 60 },
    'POST /v1/webhook_endpoints/{webhook_endpoint_id}/replay': {
      from: '2026-01-01T00:00:00Z',
      to: '2026-01-02T00:00:00Z',
    },
  };
  return bodies[`${method} ${path}`];
}
