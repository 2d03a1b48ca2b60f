// A tenant's life by the client that openapi-typescript and openapi-fetch make of the OpenAPI document. It is compiled against what was
// generated, so a field that the document does not have, or lets be null, is an error here. Prints a line for each request.
import assert from 'node:assert/strict';
import createClient from 'openapi-fetch';
import type { Client } from 'openapi-fetch';
import type { components, paths } from 'millrace-api';

type Problem = components['schemas']['Problem'];
type Answer<T> = { readonly data?: T; readonly error?: Problem; readonly response: Response };

const [baseUrl = '', operatorKey = ''] = process.argv.slice(2);

/** @param key none when empty */
function client(key: string): Client<paths> {
  const headers = key === '' ? {} : { authorization: `Bearer ${key}` };
  const made = createClient<paths>({ baseUrl, headers });
  made.use({ onRequest: ({ request }) => console.log(`${request.method} ${new URL(request.url).pathname}`) });
  return made;
}

/** A client with the cookie of a new console session, as a browser would have it. */
async function loggedIn(body: components['schemas']['CreateConsoleSession']) {
  const { data, response } = await client('').POST('/v1/console_sessions', { body });
  assert.equal(response.status, 201);
  assert.ok(data !== undefined);
  const cookie = response.headers.getSetCookie().map((line) => line.split(';', 1)[0]);
  const made = client('');
  made.use({
    onRequest: ({ request }) => {
      request.headers.set('cookie', cookie.join('; '));
      request.headers.set('x-csrf-token', data.csrf_token);
    },
  });
  return { id: data.id, api: made };
}

async function ok<T>(pending: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await pending;
  assert.equal(error, undefined, `${response.url}: ${JSON.stringify(error)}`);
  assert.ok(data !== undefined);
  return data;
}

async function gone(pending: Promise<Answer<unknown>>): Promise<void> {
  const { response } = await pending;
  assert.equal(response.status, 204, response.url);
}

async function refused(pending: Promise<Answer<unknown>>): Promise<Problem> {
  const { error, response } = await pending;
  assert.ok(error !== undefined, `${response.url} was not refused`);
  return error;
}

/** A takedown reaches every gateway within a second. */
async function soonRefused(ask: () => Promise<Answer<unknown>>): Promise<Problem> {
  const deadline = Date.now() + 1_000;
  for (;;) {
    const { error } = await ask();
    if (error !== undefined) return error;
    assert.ok(Date.now() < deadline, 'still not refused after a second');
  }
}

const operator = client(operatorKey);
const tenant = await ok(operator.POST('/v1/tenants', { body: { name: 'TypeScript' } }));
const ofTenant = { params: { path: { tenant_id: tenant.id } } };
assert.equal(tenant.max_live_streams, 10);
const tenants = await ok(operator.GET('/v1/tenants', { params: { query: { limit: 100 } } }));
assert.ok(tenants.data.some(({ id }) => id === tenant.id));
await ok(operator.PATCH('/v1/tenants/{tenant_id}', { ...ofTenant, body: { max_live_streams: 3 } }));
assert.equal((await ok(operator.GET('/v1/tenants/{tenant_id}', ofTenant))).max_live_streams, 3);

const created = await ok(
  operator.POST('/v1/api_keys', {
    body: { tenant_id: tenant.id, name: 'key', expires_at: new Date(Date.now() + 3_600_000).toISOString() },
  }),
);
const ofKey = { params: { path: { api_key_id: created.id } } };
assert.equal((await ok(operator.GET('/v1/api_keys', { params: { query: { tenant_id: tenant.id } } }))).data.length, 1);
assert.ok((await ok(operator.GET('/v1/api_keys/{api_key_id}', ofKey))).expires_at);
const rights = { scopes: ['rooms:read'], allowed_addresses: ['192.0.2.0/24'] };
const lesser = await ok(operator.POST('/v1/api_keys', { body: { tenant_id: tenant.id, name: 'lesser', ...rights } }));
const ofLesser = { params: { path: { api_key_id: lesser.id } } };
assert.equal((await refused(client(lesser.key).GET('/v1/rooms'))).code, 'address_not_allowed');
await ok(operator.PATCH('/v1/api_keys/{api_key_id}', { ...ofLesser, body: { allowed_addresses: [] } }));
assert.equal((await ok(client(lesser.key).GET('/v1/rooms'))).data.length, 0);
assert.equal((await refused(client(lesser.key).GET('/v1/live_streams'))).code, 'insufficient_scope');
const successor = await ok(
  operator.POST('/v1/api_keys/{api_key_id}/rotate', { ...ofLesser, body: { grace_seconds: 0 } }),
);
assert.equal((await refused(client(lesser.key).GET('/v1/rooms'))).code, 'key_expired');
assert.deepEqual(successor.scopes, rights.scopes);
const api = client(created.key);
assert.deepEqual(
  (await ok(api.GET('/v1/tenants'))).data.map(({ id }) => id),
  [tenant.id],
);

// Users: one is invited, sets a password, logs in, and uses an authenticator app.
const email = 'ada@typescript.example';
const password = 'a quiet river bends';
const invited = await ok(operator.POST('/v1/users', { body: { tenant_id: tenant.id, email, role: 'member' } }));
const ofUser = { params: { path: { user_id: invited.id } } };
const anyone = client('');
const inspected = await ok(anyone.POST('/v1/user_links/inspect', { body: { token: invited.link.token } }));
assert.deepEqual([inspected.kind, inspected.tenant_name], ['invitation', tenant.name]);
await ok(anyone.POST('/v1/user_links/accept', { body: { token: invited.link.token, password } }));
assert.equal((await refused(anyone.POST('/v1/user_links/inspect', { body: { token: 'x' } }))).code, 'link_invalid');
// This server has no identity provider.
assert.equal((await refused(anyone.POST('/v1/oidc_logins'))).code, 'not_found');
const session = await loggedIn({ email, password });
assert.equal((await ok(session.api.GET('/v1/console_sessions/current'))).user?.id, invited.id);
assert.equal((await refused(session.api.GET('/v1/users'))).code, 'insufficient_scope');
const enrolled = await ok(session.api.POST('/v1/users/{user_id}/totp', { ...ofUser, body: { password } }));
assert.ok(enrolled.otpauth_url.includes(enrolled.secret));
const wrongCode = { ...ofUser, body: { code: '000000' } };
assert.equal((await refused(session.api.POST('/v1/users/{user_id}/totp/verify', wrongCode))).code, 'login_failed');
await gone(session.api.POST('/v1/users/{user_id}/totp/disable', { ...ofUser, body: { password } }));
const other = await loggedIn({ email, password });
const change = { current_password: password, new_password: `${password} again` };
await gone(session.api.POST('/v1/users/{user_id}/password', { ...ofUser, body: change }));
assert.equal((await refused(other.api.GET('/v1/console_sessions/current'))).code, 'unauthenticated');
await gone(session.api.DELETE('/v1/console_sessions/current'));
const login = await ok(api.POST('/v1/console_logins'));
const byLink = await loggedIn({ login_code: login.login_code });
const own = await ok(byLink.api.GET('/v1/console_sessions'));
assert.deepEqual(
  own.data.map(({ id, current }) => [id, current]),
  [[byLink.id, true]],
);
await gone(
  api.DELETE('/v1/console_sessions/{console_session_id}', { params: { path: { console_session_id: byLink.id } } }),
);
const reset = await ok(operator.POST('/v1/users/{user_id}/password_link', ofUser));
assert.ok(reset.url.endsWith(`#reset=${reset.token}`));
assert.equal((await ok(operator.PATCH('/v1/users/{user_id}', { ...ofUser, body: { role: 'viewer' } }))).role, 'viewer');
assert.equal((await ok(operator.GET('/v1/users/{user_id}', ofUser))).totp_enabled, false);
assert.equal((await ok(api.GET('/v1/users'))).data.length, 1);
await gone(operator.DELETE('/v1/users/{user_id}/totp', ofUser));
await gone(operator.DELETE('/v1/users/{user_id}', ofUser));

// Streams, their keys, their playback ids.
const stream = await ok(api.POST('/v1/live_streams', { body: { name: 'concert', second_publisher: 'takeover' } }));
const ofStream = { params: { path: { live_stream_id: stream.id } } };
await ok(api.PATCH('/v1/live_streams/{live_stream_id}', { ...ofStream, body: { playlist_window_seconds: 60 } }));
const idle = await ok(api.GET('/v1/live_streams', { params: { query: { status: 'idle', name: 'concert' } } }));
assert.deepEqual(
  idle.data.map(({ id, playlist_window_seconds: seconds }) => [id, seconds]),
  [[stream.id, 60]],
);
const quiet = await ok(api.GET('/v1/live_streams/{live_stream_id}', ofStream));
assert.deepEqual([quiet.active_session_id, quiet.last_error, quiet.ingest.key_hint], [null, null, null]);
const forObs = await ok(
  api.GET('/v1/live_streams/{live_stream_id}/client_configuration', {
    params: { ...ofStream.params, query: { width: 1_280, height: 720 } },
  }),
);
assert.deepEqual([forObs.status.result, forObs.encoder_configurations[0]?.height], ['success', 720]);
const key = await ok(api.POST('/v1/live_streams/{live_stream_id}/stream_keys', { ...ofStream, body: {} }));
const ofStreamKey = { params: { path: { live_stream_id: stream.id, stream_key_id: key.id } } };
assert.match(key.key, /^mr_st_/);
const asObs = await ok(api.POST('/v1/GetClientConfiguration', { body: { authentication: key.key } }));
assert.equal(asObs.encoder_configurations[0]?.height, 1_080);
const revealed = await ok(
  api.POST('/v1/live_streams/{live_stream_id}/stream_keys/{stream_key_id}/reveal', ofStreamKey),
);
assert.equal(revealed.key, key.key);
const hinted = await ok(api.GET('/v1/live_streams/{live_stream_id}', ofStream));
assert.equal(hinted.ingest.key_hint, key.key.slice(-4));
const rotated = await ok(
  api.POST('/v1/live_streams/{live_stream_id}/stream_keys/{stream_key_id}/rotate', {
    ...ofStreamKey,
    body: { grace_seconds: 60 },
  }),
);
const expiring = await ok(api.GET('/v1/live_streams/{live_stream_id}/stream_keys/{stream_key_id}', ofStreamKey));
assert.equal(expiring.status, 'expiring');
await gone(api.DELETE('/v1/live_streams/{live_stream_id}/stream_keys/{stream_key_id}', ofStreamKey));
const keys = await ok(api.GET('/v1/live_streams/{live_stream_id}/stream_keys', ofStream));
assert.deepEqual(
  keys.data.map(({ id, status }) => [id, status]),
  [
    [rotated.id, 'active'],
    [key.id, 'revoked'],
  ],
);
const camera = { url: 'rtsp://viewer:secret@camera.example.com/door', enabled: false };
const source = await ok(api.POST('/v1/live_streams/{live_stream_id}/ingest_sources', { ...ofStream, body: camera }));
assert.deepEqual([source.url, source.has_credentials], ['rtsp://camera.example.com/door', true]);
const ofSource = { params: { path: { live_stream_id: stream.id, ingest_source_id: source.id } } };
const renamed = await ok(
  api.PATCH('/v1/live_streams/{live_stream_id}/ingest_sources/{ingest_source_id}', {
    ...ofSource,
    body: { name: 'Front door' },
  }),
);
assert.deepEqual([renamed.name, renamed.state], ['Front door', 'disabled']);
const sources = await ok(api.GET('/v1/live_streams/{live_stream_id}/ingest_sources', ofStream));
assert.deepEqual(
  sources.data.map(({ id }) => id),
  [source.id],
);
const seen = await ok(api.GET('/v1/live_streams/{live_stream_id}/ingest_sources/{ingest_source_id}', ofSource));
assert.equal(seen.last_error, null);
await gone(api.DELETE('/v1/live_streams/{live_stream_id}/ingest_sources/{ingest_source_id}', ofSource));
const youtube = { url: 'rtmp://a.rtmp.youtube.com/live2', stream_key: 'abcd-1234' };
const target = await ok(
  api.POST('/v1/live_streams/{live_stream_id}/simulcast_targets', { ...ofStream, body: youtube }),
);
assert.deepEqual([target.url, target.state, target.last_error], [youtube.url, 'idle', null]);
const ofTarget = { params: { path: { live_stream_id: stream.id, simulcast_target_id: target.id } } };
const off = await ok(
  api.PATCH('/v1/live_streams/{live_stream_id}/simulcast_targets/{simulcast_target_id}', {
    ...ofTarget,
    body: { enabled: false },
  }),
);
assert.equal(off.state, 'disabled');
const still = await ok(api.GET('/v1/live_streams/{live_stream_id}/simulcast_targets/{simulcast_target_id}', ofTarget));
assert.equal(still.enabled, false);
assert.equal((await ok(api.GET('/v1/live_streams/{live_stream_id}/simulcast_targets', ofStream))).data.length, 1);
await gone(api.DELETE('/v1/live_streams/{live_stream_id}/simulcast_targets/{simulcast_target_id}', ofTarget));
const playback = await ok(
  api.POST('/v1/live_streams/{live_stream_id}/playback_ids', { ...ofStream, body: { policy: 'public' } }),
);
const ofPlayback = { params: { path: { live_stream_id: stream.id, playback_id: playback.id } } };
assert.equal((await ok(api.GET('/v1/live_streams/{live_stream_id}/playback_ids', ofStream))).data.length, 2);
const played = await ok(api.GET('/v1/live_streams/{live_stream_id}/playback_ids/{playback_id}', ofPlayback));
assert.equal(played.playback_url, playback.playback_url);
const watched = { params: { path: { playback_id: playback.id } } };
assert.equal((await ok(operator.GET('/watch/{playback_id}/info', watched))).live, false);
const playing = await ok(api.GET('/v1/playback/{playback_id}', watched));
assert.deepEqual([playing.status, playing.media, playing.urls.hls], ['idle', null, playback.playback_url]);

// Signed playback: no token, no picture.
const secret = await ok(
  api.POST('/v1/live_streams/{live_stream_id}/playback_ids', { ...ofStream, body: { policy: 'signed' } }),
);
const byToken = { params: { path: { playback_id: secret.id }, query: { token: 'x' } } };
const unseen = await refused(operator.GET('/watch/{playback_id}/info', byToken));
assert.equal(unseen.code, 'playback_token_invalid');
const notShortened = await refused(operator.POST('/watch/{playback_id}/short_token', byToken));
assert.equal(notShortened.code, 'playback_token_invalid');
const playbackKey = await ok(api.POST('/v1/playback_keys', { body: { algorithm: 'ES256' } }));
const ofPlaybackKey = { params: { path: { playback_key_id: playbackKey.id } } };
assert.match(playbackKey.private_key ?? '', /PRIVATE KEY/);
assert.equal((await ok(api.GET('/v1/playback_keys/{playback_key_id}', ofPlaybackKey))).algorithm, 'ES256');
await gone(api.DELETE('/v1/playback_keys/{playback_key_id}', ofPlaybackKey));
assert.equal((await ok(api.GET('/v1/playback_keys'))).data.at(0)?.status, 'revoked');
const restriction = await ok(
  api.POST('/v1/playback_restrictions', { body: { allowed_origins: ['https://*.example.com'] } }),
);
const ofRestriction = { params: { path: { playback_restriction_id: restriction.id } } };
await ok(
  api.PATCH('/v1/playback_restrictions/{playback_restriction_id}', {
    ...ofRestriction,
    body: { denied_countries: ['FR'] },
  }),
);
const narrowed = await ok(api.GET('/v1/playback_restrictions/{playback_restriction_id}', ofRestriction));
assert.deepEqual([narrowed.allowed_origins, narrowed.denied_countries], [['https://*.example.com'], ['FR']]);
assert.equal((await ok(api.GET('/v1/playback_restrictions'))).data.length, 1);
await gone(api.DELETE('/v1/playback_restrictions/{playback_restriction_id}', ofRestriction));
const watching = await ok(api.GET('/v1/live_streams/{live_stream_id}/viewers', ofStream));
assert.deepEqual([watching.viewers, watching.playback_ids.length], [0, 3]);
const said = { ...ofStream, body: { name: 'score', data: { home: 2, away: 1 } } };
assert.equal(
  (await refused(api.POST('/v1/live_streams/{live_stream_id}/timed_metadata', said))).code,
  'stream_offline',
);
const viewer = { viewer_id: 'ada', version_lte: 3 };
assert.equal((await ok(api.POST('/v1/viewer_sessions/revoke', { body: viewer }))).version_lte, 3);

// Another tenant's stream is live: the operator sees its session, and one that is over.
const sessions = await ok(operator.GET('/v1/sessions'));
for (const status of ['live', 'ended'] as const) {
  const session = sessions.data.find((each) => each.status === status);
  assert.ok(session !== undefined, `no session is ${status}`);
  const ofSession = { params: { path: { session_id: session.id } } };
  const { media, connections } = await ok(operator.GET('/v1/sessions/{session_id}', ofSession));
  const health = await ok(operator.GET('/v1/sessions/{session_id}/health', ofSession));
  assert.equal(health.session_id, session.id);
  const [last] = (await ok(operator.GET('/v1/sessions/{session_id}/events', ofSession))).data;
  assert.equal(last?.data.object['session_id'], session.id);
  // What is over may have ended before its first segment.
  assert.equal(media?.width ?? (status === 'ended' ? 960 : null), 960);
  assert.ok(connections.length > 0);
}
assert.deepEqual((await ok(api.GET('/v1/sessions', { params: { query: { status: 'live' } } }))).data, []);
assert.deepEqual((await ok(api.GET('/v1/live_streams/{live_stream_id}/sessions', ofStream))).data, []);

// Rooms.
const room = await ok(api.POST('/v1/rooms', { body: { name: 'call', type: 'one_to_one' } }));
const ofRoom = { params: { path: { room_id: room.id } } };
await ok(api.PATCH('/v1/rooms/{room_id}', { ...ofRoom, body: { locked: true } }));
assert.equal((await ok(api.GET('/v1/rooms/{room_id}', ofRoom))).locked, true);
assert.equal((await ok(api.GET('/v1/rooms'))).data.length, 1);
const token = await ok(
  api.POST('/v1/rooms/{room_id}/tokens', { ...ofRoom, body: { identity: 'ada', permissions: { chat: false } } }),
);
assert.ok(token.call_url.includes(token.token));
assert.deepEqual((await ok(api.GET('/v1/rooms/{room_id}/participants', ofRoom))).data, []);
const absent = { path: { room_id: room.id, participant_id: `par_${'0'.repeat(26)}` }, query: { ban: false } };
const unknown = await refused(api.DELETE('/v1/rooms/{room_id}/participants/{participant_id}', { params: absent }));
assert.equal(unknown.code, 'not_found');
assert.deepEqual((await ok(api.GET('/v1/rooms/{room_id}/bans', ofRoom))).data, []);
const noBan = { path: { room_id: room.id, ban_id: `ban_${'0'.repeat(26)}` } };
assert.equal((await refused(api.DELETE('/v1/rooms/{room_id}/bans/{ban_id}', { params: noBan }))).status, 404);
assert.equal((await ok(api.POST('/v1/rooms/{room_id}/end', ofRoom))).status, 'ended');
await gone(api.DELETE('/v1/rooms/{room_id}', ofRoom));
const signing = await ok(api.POST('/v1/signing_keys', { body: {} }));
const ofSigning = { params: { path: { signing_key_id: signing.id } } };
assert.equal((await ok(api.GET('/v1/signing_keys/{signing_key_id}', ofSigning))).last_used_at, null);
await gone(api.DELETE('/v1/signing_keys/{signing_key_id}', ofSigning));
assert.equal((await ok(api.GET('/v1/signing_keys'))).data.at(0)?.status, 'revoked');
const ice = await ok(api.POST('/v1/ice_servers', { body: { ttl_seconds: 60 } }));
assert.deepEqual(ice.iceServers, ice.ice_servers);
assert.ok(ice.ice_servers.some(({ urls }) => urls.some((url) => url.startsWith('turn:'))));
await gone(api.DELETE('/v1/ice_servers/{ice_servers_id}', { params: { path: { ice_servers_id: ice.id } } }));

// An endpoint that decides who may publish.
const ofAuthorizer = { params: { path: { tenant_id: tenant.id } } };
const authorizer = '/v1/tenants/{tenant_id}/publish_authorizer';
const decides = { url: 'https://decides.invalid/', on_failure: 'allow' } as const;
assert.match((await ok(api.PUT(authorizer, { ...ofAuthorizer, body: decides }))).secret ?? '', /^whsec_/);
assert.equal((await ok(api.GET(authorizer, ofAuthorizer))).on_failure, 'allow');
const signedBy = await ok(api.POST(`${authorizer}/rotate_secret`, { ...ofAuthorizer, body: { grace_seconds: 60 } }));
assert.ok(signedBy.previous_secret_expires_at);
const tested = await ok(api.POST(`${authorizer}/test`, { ...ofAuthorizer, body: { live_stream_id: stream.id } }));
assert.deepEqual([tested.decision, tested.publishers, tested.status_code], ['none', 'allowed', null]);
assert.match(tested.error ?? '', /decides\.invalid/);
await gone(api.DELETE(authorizer, ofAuthorizer));

// Usage. Nothing of this tenant has been published or watched.
const usage = await ok(api.GET('/v1/usage', { params: { query: { group_by: 'hour,live_stream', limit: 10 } } }));
assert.deepEqual([usage.data, usage.has_more], [[], false]);
const quotas = '/v1/tenants/{tenant_id}/quotas';
const monthly = { egress_bytes_per_month: 1_000_000_000 };
await ok(operator.PUT(quotas, { params: { path: { tenant_id: tenant.id } }, body: monthly }));
const egress = (await ok(api.GET('/v1/quotas'))).quotas.find(({ name }) => name === 'egress_bytes_per_month');
assert.deepEqual(egress, { name: 'egress_bytes_per_month', limit: 1_000_000_000, used: 0, state: 'ok' });

// Events and webhooks. Nothing has the name of the endpoint.
const events = await ok(api.GET('/v1/events', { params: { query: { type: 'live_stream.created' } } }));
assert.equal(events.data.at(0)?.data.object['id'], stream.id);
const ofEvent = { params: { path: { event_id: events.data[0]!.id } } };
assert.equal((await ok(api.GET('/v1/events/{event_id}', ofEvent))).tenant_id, tenant.id);
const endpoint = await ok(
  api.POST('/v1/webhook_endpoints', { body: { url: 'https://receiver.invalid/', events: ['live_stream.*'] } }),
);
const ofEndpoint = { params: { path: { webhook_endpoint_id: endpoint.id } } };
assert.match(endpoint.secret, /^whsec_/);
assert.equal((await ok(api.GET('/v1/webhook_endpoints'))).data.length, 1);
const delivery = await ok(api.POST('/v1/webhook_endpoints/{webhook_endpoint_id}/test', ofEndpoint));
const ofDelivery = { params: { path: { webhook_delivery_id: delivery.id } } };
const disabled = await ok(
  api.PATCH('/v1/webhook_endpoints/{webhook_endpoint_id}', { ...ofEndpoint, body: { enabled: false } }),
);
assert.equal(disabled.disabled_reason, 'request');
const again = await ok(api.POST('/v1/webhook_deliveries/{webhook_delivery_id}/redeliver', ofDelivery));
const details = await ok(api.GET('/v1/webhook_deliveries/{webhook_delivery_id}', ofDelivery));
assert.equal(details.event.type, 'webhook_endpoint.test');
assert.deepEqual(
  (await ok(api.GET('/v1/webhook_deliveries', { params: { query: { event_id: delivery.event_id } } }))).data.map(
    ({ id }) => id,
  ),
  [again.id, delivery.id],
);
const replayed = await ok(
  api.POST('/v1/webhook_endpoints/{webhook_endpoint_id}/replay', {
    ...ofEndpoint,
    body: { from: tenant.created_at, to: again.created_at, types: ['live_stream.created'] },
  }),
);
assert.equal(replayed.deliveries, 1);
const renewed = await ok(
  api.POST('/v1/webhook_endpoints/{webhook_endpoint_id}/rotate_secret', { ...ofEndpoint, body: { grace_seconds: 60 } }),
);
assert.notEqual(renewed.secret, endpoint.secret);
assert.ok((await ok(api.GET('/v1/webhook_endpoints/{webhook_endpoint_id}', ofEndpoint))).previous_secret_expires_at);
await gone(api.DELETE('/v1/webhook_endpoints/{webhook_endpoint_id}', ofEndpoint));

// Requests that are repeated, or based on a version, and who made them.
const once = { params: { header: { 'Idempotency-Key': 'once' } }, body: { name: 'once' } };
const made = await ok(api.POST('/v1/rooms', once));
assert.deepEqual(await ok(api.POST('/v1/rooms', once)), made);
assert.equal(
  (await refused(api.POST('/v1/rooms', { ...once, body: { name: 'other' } }))).code,
  'idempotency_key_reused',
);
const stale = { params: { ...ofStream.params, header: { 'If-Match': stream.etag } }, body: { name: 'stale' } };
assert.equal((await refused(api.PATCH('/v1/live_streams/{live_stream_id}', stale))).code, 'etag_mismatch');
const audited = await ok(api.GET('/v1/audit_events', { params: { query: { object_id: stream.id } } }));
assert.equal(audited.data.at(-1)?.action, 'live_stream.create');
const ofChange = { params: { path: { audit_event_id: audited.data[0]!.id } } };
assert.equal((await ok(api.GET('/v1/audit_events/{audit_event_id}', ofChange))).actor.id, created.id);
assert.equal((await ok(api.GET('/v1/version'))).api_version, 'v1');
assert.equal((await ok(api.GET('/v1/retention'))).events_seconds, 30 * 24 * 60 * 60);

// What is wrong is a problem document, also to the compiler.
const faulty = { max_participants: 0, name: '' };
const problem = await refused(api.POST('/v1/rooms', { body: faulty }));
assert.deepEqual(
  [problem.code, problem.errors?.map(({ pointer }) => pointer).sort()],
  ['invalid_request', ['/max_participants', '/name']],
);

// The end of it all.
assert.equal((await ok(api.POST('/v1/live_streams/{live_stream_id}/disable', ofStream))).enabled, false);
const takenDown = await soonRefused(() => operator.GET('/watch/{playback_id}/info', watched));
assert.equal(takenDown.code, 'playback_disabled');
assert.equal((await ok(api.POST('/v1/live_streams/{live_stream_id}/enable', ofStream))).enabled, true);
const unswitched = await refused(api.POST('/v1/live_streams/{live_stream_id}/switch_encoder', ofStream));
assert.equal(unswitched.code, 'no_standby');
await ok(api.POST('/v1/live_streams/{live_stream_id}/end', ofStream));
await gone(api.DELETE('/v1/live_streams/{live_stream_id}/playback_ids/{playback_id}', ofPlayback));
await gone(api.DELETE('/v1/live_streams/{live_stream_id}', ofStream));
assert.equal((await ok(operator.POST('/v1/tenants/{tenant_id}/suspend', ofTenant))).status, 'suspended');
assert.equal((await refused(api.GET('/v1/live_streams'))).code, 'tenant_suspended');
assert.equal((await ok(operator.POST('/v1/tenants/{tenant_id}/resume', ofTenant))).status, 'active');
await gone(operator.DELETE('/v1/api_keys/{api_key_id}', ofKey));
assert.equal((await refused(api.GET('/v1/live_streams'))).code, 'unauthenticated');
await gone(operator.DELETE('/v1/tenants/{tenant_id}', ofTenant));
const deleted = await ok(operator.GET('/v1/tenants', { params: { query: { status: 'deleted', limit: 100 } } }));
assert.ok(deleted.data.some(({ id, purge_at: purgeAt }) => id === tenant.id && Date.parse(purgeAt ?? '') > Date.now()));
assert.equal((await ok(operator.POST('/v1/tenants/{tenant_id}/restore', ofTenant))).status, 'suspended');
const forGood = { params: { ...ofTenant.params, query: { purge: true } } };
await gone(operator.DELETE('/v1/tenants/{tenant_id}', forGood));
assert.equal((await refused(operator.GET('/v1/tenants/{tenant_id}', ofTenant))).code, 'not_found');
