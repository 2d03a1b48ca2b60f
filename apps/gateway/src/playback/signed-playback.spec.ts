// Signed playback ids, by way of two gateways that share everything but memory: who may watch, what of it caches may keep, and how it ends.
import { createDecipheriv, createHash, createPrivateKey } from 'node:crypto';
import type { PlaybackLogin } from '@millrace/control';
import { Codec, FrameFlag, FrameKind, newId } from '@millrace/domain';
import { createMemoryFrameBus } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { createMemoryLiveStore } from '@millrace/live-store';
import { SignJWT } from 'jose';
import type { JWTPayload } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FlvPlayer } from '../testing/flv-player.ts';
import { SampleStream, sampleSegmentBytes } from '../testing/sample-stream.ts';
import { makeWorld, publish, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import type { Answer } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';

const PROMISED_MS = 5_000;
const ATTEMPTS = 3;
const env = {
  MILLRACE_KEY_PEPPER: 'the same pepper on every gateway',
  MILLRACE_PLAYBACK_COUNTRY_HEADER: 'CF-IPCountry',
  MILLRACE_PUBLIC_URL: 'https://live.example',
};

interface Key {
  readonly id: string;
  readonly privateKey: string;
  readonly algorithm: string;
}

let postgres: TestPostgres;
let frameBus: FrameBus;
let gateways: readonly TestGateway[];
let a: TestGateway;
let b: TestGateway;
let world: World;
/** Signed, of the stream of `world`. */
let signedId: string;
let key: Key;
let stream: SampleStream;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  frameBus = createMemoryFrameBus();
  const shared = { databaseUrl: postgres.url(), liveStore: createMemoryLiveStore(), frameBus, env };
  gateways = [await TestGateway.start(shared), await TestGateway.start(shared)];
  [a, b] = [gateways[0]!, gateways[1]!];
  world = await makeWorld(a);
  const made = await a.ok('POST', `/v1/live_streams/${world.streamId}/playback_ids`, {
    key: world.apiKey,
    body: { policy: 'signed' },
  });
  expect(made['policy']).toBe('signed');
  signedId = String(made['id']);
  key = await makeKey(world);
  stream = await SampleStream.begin(a.liveStore, world.streamId);
  await stream.add();
  await stream.add();
});
afterAll(async () => {
  for (const gateway of gateways) await gateway.close();
  await frameBus.close();
  await postgres.remove();
});

async function makeKey({ apiKey }: World, body: object = {}): Promise<Key> {
  const made = await a.ok('POST', '/v1/playback_keys', { key: apiKey, body });
  return { id: String(made['id']), privateKey: String(made['private_key']), algorithm: String(made['algorithm']) };
}

const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1_000) + seconds;

const token = (claims: JWTPayload = {}, signer: Key = key): Promise<string> =>
  new SignJWT({ sub: signedId, aud: 'playback', exp: inSeconds(300), ...claims })
    .setProtectedHeader({ alg: signer.algorithm, kid: signer.id })
    .sign(createPrivateKey(signer.privateKey));

const get = (path: string, gateway = a, headers: Record<string, string> = {}): Promise<Answer> =>
  gateway.call('GET', path, { key: '', headers });

/** The target of the first URL in a playlist, relative to the one that it was read from. */
const firstIn = (playlist: string): string =>
  `/hls/${signedId}/${playlist.split('\n').find((line) => line !== '' && !line.startsWith('#')) ?? ''}`;

/** What a player does: the multivariant playlist, then its media playlist. */
async function open(claims: JWTPayload = {}, headers: Record<string, string> = {}): Promise<string> {
  const answer = await get(`/hls/${signedId}/index.m3u8?token=${await token(claims)}`, a, headers);
  expect(answer.status, answer.text).toBe(200);
  return firstIn(answer.text);
}

async function makeRestriction(body: object): Promise<string> {
  return String((await a.ok('POST', '/v1/playback_restrictions', { key: world.apiKey, body }))['id']);
}

describe('without a token', () => {
  it('nothing of a signed playback id is told, by any way', async () => {
    const segment = firstIn((await get(await open())).text).split('?', 1)[0]!;
    for (const path of [
      `/hls/${signedId}/index.m3u8`,
      `/hls/${signedId}/master.m3u8`,
      `/hls/${signedId}/index.m3u8?viewer=x`,
      `/hls/${signedId}/index.m3u8?viewer=`,
      segment,
      `${segment}?e=zzzzzz&s=${'A'.repeat(22)}`,
      `${segment}?token=${await token()}`,
      `/watch/${signedId}/info`,
      `/live/${signedId}.flv`,
    ])
      for (const gateway of gateways) {
        const answer = await get(path, gateway);
        expect([answer.status, answer.body], path).toMatchObject([401, { code: 'playback_token_invalid' }]);
        expect(answer.headers.get('cache-control')).toBe('no-store');
        expect(answer.text).not.toContain('a stream');
      }
    await expect(FlvPlayer.webSocket(`${a.url}/live/${signedId}.flv`)).rejects.toThrow('401');
    expect((await a.call('HEAD', `/live/${signedId}.flv`, { key: '' })).status).toBe(401);
  });

  it('public playback ids of the same stream play on, and a token changes nothing about them', async () => {
    for (const query of ['', '?token=x', '?viewer=x&e=1&s=1']) {
      const answer = await get(`/hls/${world.playbackId}/index.m3u8${query}`);
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'public, max-age=1, must-revalidate']);
      expect(answer.text).not.toContain('?');
    }
  });
});

describe('with a token', () => {
  it('a viewer gets playlists of its own, from every gateway, and segments that all share', async () => {
    const urls = new Set<string>();
    for (const path of ['index.m3u8', 'master.m3u8']) {
      const multivariant = await get(`/hls/${signedId}/${path}?token=${await token({ jti: path })}`);
      expect(multivariant.headers.get('cache-control')).toBe('private, no-store');
      expect(multivariant.text).toContain('#EXT-X-STREAM-INF:');
      for (const gateway of gateways) {
        const media = await get(firstIn(multivariant.text), gateway);
        expect([media.status, media.headers.get('cache-control')]).toEqual([200, 'private, no-store']);
        urls.add(firstIn(media.text));
      }
    }
    // Unless the end of half a minute was in between.
    expect(urls.size).toBeLessThanOrEqual(2);
    for (const url of urls)
      for (const gateway of gateways)
        // The second time from the cache of the gateway.
        for (const _ of [1, 2]) {
          const segment = await get(url, gateway);
          expect(segment.status).toBe(200);
          const maxAge = Number(
            /^public, max-age=(\d+), immutable$/.exec(segment.headers.get('cache-control') ?? '')?.[1],
          );
          expect(maxAge).toBeGreaterThan(30);
          expect(maxAge).toBeLessThanOrEqual(4 + 70 + 10);
        }
  });

  it('the watch page gets name and viewers, which no cache keeps', async () => {
    const answer = await get(`/watch/${signedId}/info?token=${await token()}`);
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'private, no-store']);
    expect(answer.body).toMatchObject({ name: 'a stream', live: true });
  });

  it('of another key, tenant, audience or time is refused, with a code and a reason', async () => {
    const other = await makeWorld(a);
    const refused: [string, number, string, string][] = [
      [await token({}, await makeKey(other)), 401, 'playback_token_invalid', 'no active playback key'],
      [await token({ aud: 'rooms' }), 401, 'playback_token_invalid', '`aud`'],
      [await token({ sub: world.playbackId }), 401, 'playback_token_invalid', '`sub`'],
      [await token({ nbf: inSeconds(60) }), 401, 'playback_token_invalid', 'not valid yet'],
      [await token({ exp: inSeconds(-60) }), 401, 'playback_token_expired', 'has expired'],
      [await token({ restriction_id: newId('prs') }), 401, 'playback_token_invalid', '`restriction_id`'],
      ['x', 401, 'playback_token_invalid', 'not a JWT'],
    ];
    for (const [text, status, code, detail] of refused)
      for (const path of ['/hls/ID/index.m3u8', '/hls/ID/master.m3u8', '/watch/ID/info', '/live/ID.flv']) {
        const answer = await get(`${path.replace('ID', signedId)}?token=${text}`);
        expect([answer.status, answer.body], `${path} ${detail}`).toMatchObject([
          status,
          { code, detail: expect.stringContaining(detail) as string },
        ]);
        expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
      }
    // A restriction of another tenant is none.
    const theirs = await a.ok('POST', '/v1/playback_restrictions', { key: other.apiKey, body: {} });
    const named = await get(`/hls/${signedId}/index.m3u8?token=${await token({ restriction_id: theirs['id'] })}`);
    expect([named.status, named.body]).toMatchObject([401, { code: 'playback_token_invalid' }]);
  });

  it('that expires, playback ends; with a viewer who can be revoked, it goes on', async () => {
    const short = await open({ exp: inSeconds(-8) });
    const ended = await until('the token has expired', async () => {
      const answer = await get(short, b);
      return answer.status === 401 && answer;
    });
    expect(ended.body).toMatchObject({ code: 'playback_token_expired' });
    const viewer = await open({ exp: inSeconds(-8), viewer_id: 'ada' });
    await until('its token has expired', async () => {
      const again = await get(
        `/hls/${signedId}/index.m3u8?token=${await token({ exp: inSeconds(-11), viewer_id: 'ada' })}`,
      );
      return again.status === 401;
    });
    expect((await get(viewer, b)).status).toBe(200);
  });

  it('of a key made by the tenant itself works as well, and the key says when it was used', async () => {
    const { generateKeyPairSync } = await import('node:crypto');
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const body = { name: 'mine', public_jwk: { ...pair.publicKey.export({ format: 'jwk' }), use: 'sig', kid: 'x' } };
    const made = await a.ok('POST', '/v1/playback_keys', { key: world.apiKey, body });
    expect(made).toMatchObject({ algorithm: 'ES256', origin: 'imported', private_key: null, status: 'active' });
    const mine = {
      id: String(made['id']),
      algorithm: 'ES256',
      privateKey: String(pair.privateKey.export({ type: 'pkcs8', format: 'pem' })),
    };
    const path = `/hls/${signedId}/index.m3u8?token=${await token({}, mine)}`;
    await until('the new key is known', async () => (await get(path, b)).status === 200);
    const read = await until('the use is written down', async () => {
      const found = await a.ok('GET', `/v1/playback_keys/${mine.id}`, { key: world.apiKey });
      return found['last_used_at'] !== null && found;
    });
    expect(JSON.stringify([read, await a.ok('GET', '/v1/playback_keys', { key: world.apiKey })])).not.toContain(
      'PRIVATE',
    );
  });

  it('refuses keys that cannot be, and says why', async () => {
    for (const [body, pointer] of [
      [{ public_key: key.privateKey }, '/public_key'],
      [{ public_key: 'x' }, '/public_key'],
      [{ public_jwk: { kty: 'EC', crv: 'P-521', x: 'AA', y: 'AA' } }, '/public_jwk'],
      [{ public_jwk: { kty: 'OKP', crv: 'Ed25519', x: 'AA', d: 'AA' } }, '/public_jwk'],
      [{ algorithm: 'RS256' }, '/algorithm'],
    ] as const) {
      const answer = await a.call('POST', '/v1/playback_keys', { key: world.apiKey, body });
      expect([answer.status, answer.body], pointer).toMatchObject([400, { errors: [{ pointer }] }]);
    }
  });
});

describe('restrictions', () => {
  it('to origins hold for players in browsers, and refuse those that do not say where they are', async () => {
    const restricted = await makeRestriction({ allowed_origins: ['https://*.example.com', 'https://live.example'] });
    for (const claims of [
      { restriction_id: restricted },
      { origins: ['https://*.example.com', 'https://live.example'] },
    ]) {
      const text = await token(claims);
      for (const [headers, status] of [
        [{ origin: 'https://a.example.com' }, 200],
        [{ referer: 'https://a.example.com/page?x=1' }, 200],
        [{ 'sec-fetch-site': 'same-origin' }, 200],
        [{ origin: 'https://evil.test' }, 403],
        [{ origin: 'https://evil.test', referer: 'https://a.example.com/' }, 403],
        [{ 'sec-fetch-site': 'cross-site' }, 403],
        [{ origin: 'null' }, 403],
        [{}, 403],
      ] as const) {
        const answer = await get(`/hls/${signedId}/index.m3u8?token=${text}`, a, headers);
        expect(answer.status, JSON.stringify(headers)).toBe(status);
        if (status === 403) expect(answer.body).toMatchObject({ code: 'origin_not_allowed' });
      }
      const media = await open(claims, { origin: 'https://a.example.com' });
      expect((await get(media, b, { origin: 'https://a.example.com' })).status).toBe(200);
      expect((await get(media, b, { origin: 'https://evil.test' })).status).toBe(403);
    }
  });

  it.each<[string, object, Record<string, string>, Record<string, string>]>([
    [
      'to addresses',
      { allowed_addresses: ['203.0.113.0/24'] },
      { 'x-forwarded-for': '203.0.113.7' },
      { 'x-forwarded-for': '198.51.100.7' },
    ],
    ['to countries', { allowed_countries: ['DE', 'AT'] }, { 'cf-ipcountry': 'at' }, { 'cf-ipcountry': 'FR' }],
    ['to countries that are told', { allowed_countries: ['DE'] }, { 'cf-ipcountry': 'DE' }, {}],
    ['against countries', { denied_countries: ['FR'] }, { 'cf-ipcountry': 'DE' }, { 'cf-ipcountry': 'FR' }],
    [
      'against players',
      { denied_user_agents: ['DownLoader'] },
      { 'user-agent': 'x' },
      { 'user-agent': 'a downloader/1' },
    ],
  ])('%s hold', async (_, body, allowed, denied) => {
    const text = await token({ restriction_id: await makeRestriction(body) });
    const path = `/hls/${signedId}/index.m3u8?token=${text}`;
    const media = firstIn((await get(path, a, allowed)).text);
    expect((await get(media, b, allowed)).status).toBe(200);
    for (const refused of [await get(path, a, denied), await get(media, b, denied)])
      expect([refused.status, refused.body]).toMatchObject([403, { code: 'playback_not_allowed' }]);
  });

  it('that are changed or deleted hold for those who are watching', async () => {
    const id = await makeRestriction({});
    const media = await open({ restriction_id: id });
    expect((await get(media, b)).status).toBe(200);
    const path = `/v1/playback_restrictions/${id}`;
    await a.ok('PATCH', path, { key: world.apiKey, body: { allowed_addresses: ['203.0.113.0/24'] } });
    await until('the change holds', async () => (await get(media, b)).status === 403);
    await a.ok('PATCH', path, { key: world.apiKey, body: { allowed_addresses: [] } });
    await until('it is undone', async () => (await get(media, b)).status === 200);
    await a.ok('DELETE', path, { key: world.apiKey });
    await until('it is gone', async () => (await get(media, b)).status === 401);
  });
});

/** Does something, and asks until it has come about. @returns how long that took, in milliseconds, the best of a few tries */
async function promised(what: string, once: () => Promise<void>): Promise<void> {
  const times: number[] = [];
  do {
    const startedAtMs = performance.now();
    await once();
    times.push(performance.now() - startedAtMs);
  } while (times.at(-1)! > PROMISED_MS && times.length < ATTEMPTS);
  console.log(`${what}: ${times.map((ms) => `${ms.toFixed(0)} ms`).join(', ')}`);
  expect(times.at(-1)).toBeLessThanOrEqual(PROMISED_MS);
}

describe('a revoked viewer', () => {
  it('gets no playlist and no segment URL within five seconds, from any gateway; others, and higher versions, go on', async () => {
    let version = 0;
    await promised('revoked viewers get no playlist any more', async () => {
      version++;
      const mine = { viewer_id: 'eve', viewer_session_version: version };
      const media = await open(mine);
      const other = await open({ viewer_id: 'bob' });
      const next = await open({ viewer_id: 'eve', viewer_session_version: version + 1 });
      for (const gateway of gateways) expect((await get(media, gateway)).status).toBe(200);
      const body = { viewer_id: 'eve', version_lte: version };
      const revoked = await a.ok('POST', '/v1/viewer_sessions/revoke', { key: world.apiKey, body });
      expect(revoked).toMatchObject({ viewer_id: 'eve', version_lte: version, tenant_id: world.tenantId });
      const paths = [
        media,
        `/hls/${signedId}/index.m3u8?token=${await token(mine)}`,
        `/watch/${signedId}/info?token=${await token(mine)}`,
      ];
      for (const gateway of gateways)
        for (const path of paths) {
          const answer = await until(`${path} is refused`, async () => {
            const found = await get(path, gateway);
            return found.status !== 200 && found;
          });
          expect([answer.status, answer.body]).toMatchObject([403, { code: 'viewer_session_revoked' }]);
        }
      for (const path of [other, next]) expect((await get(path, b)).status).toBe(200);
    });
    const events = await a.ok('GET', '/v1/events?type=viewer_session.revoked', { key: world.apiKey });
    expect(JSON.stringify(events)).toContain('"viewer_id":"eve"');
    // Versions only grow: a revocation is not undone by a lower one.
    const lower = { viewer_id: 'eve', version_lte: 0 };
    expect(await a.ok('POST', '/v1/viewer_sessions/revoke', { key: world.apiKey, body: lower })).toMatchObject({
      version_lte: version,
    });
  });

  it('of another tenant with the same name goes on', async () => {
    const other = await makeWorld(a);
    await a.ok('POST', '/v1/viewer_sessions/revoke', { key: other.apiKey, body: { viewer_id: 'zoe' } });
    await a.ok('POST', '/v1/viewer_sessions/revoke', { key: world.apiKey, body: { viewer_id: 'last' } });
    const media = await open({ viewer_id: 'zoe' });
    const last = `/hls/${signedId}/index.m3u8?token=${await token({ viewer_id: 'last' })}`;
    await until('both revocations are known everywhere', async () => (await get(last, b)).status === 403);
    expect((await get(media, b)).status).toBe(200);
  });

  it('is cut off from FLV, over HTTP and WebSocket, within five seconds, as are those of a revoked key', async () => {
    const { epoch } = await publish(a, world.streamKey);
    const publisher = frameBus.openPublisher(world.streamId, epoch);
    let sequence = 0;
    const put = (flags: number): void =>
      void publisher.publish({
        kind: FrameKind.video,
        codec: Codec.h264,
        flags,
        epoch,
        sequence: ++sequence,
        dts90k: sequence * 3_600,
        compositionOffset90k: 0,
        payload: Uint8Array.of(sequence),
      });
    put(FrameFlag.configuration);
    put(FrameFlag.keyframe);
    const second = await makeKey(world, { algorithm: 'ES256' });
    const url = async (claims: JWTPayload, signer = key): Promise<string> =>
      `${b.url}/live/${signedId}.flv?token=${await token(claims, signer)}`;
    await until('the second key is known', async () => {
      const answer = await get(`/watch/${signedId}/info?token=${await token({}, second)}`, b);
      return answer.status === 200;
    });
    const cut = [
      await FlvPlayer.http(await url({ viewer_id: 'mal' })),
      await FlvPlayer.webSocket(await url({ viewer_id: 'mal' })),
    ];
    const ofSecond = await FlvPlayer.http(await url({}, second));
    const stays = await FlvPlayer.http(await url({ viewer_id: 'ada' }));
    const once = await url({ viewer_id: 'one', single_use: true, jti: 'flv' });
    const single = await FlvPlayer.http(once);
    expect(await get(once.slice(b.url.length), a)).toMatchObject({
      status: 401,
      body: { code: 'playback_token_used' },
    });
    const ticket = (await open({ viewer_id: 'one' })).split('?')[1] ?? '';
    const entered = await FlvPlayer.http(`${b.url}/live/${signedId}.flv?${ticket}`);
    await until('they play', () => single.tags.length >= 2 && entered.tags.length >= 2);
    for (const player of [single, entered]) player.close();
    await until('all of them play', () => [...cut, ofSecond, stays].every(({ tags }) => tags.length >= 2));
    await promised('connections of a revoked viewer are closed', async () => {
      await a.ok('POST', '/v1/viewer_sessions/revoke', { key: world.apiKey, body: { viewer_id: 'mal' } });
      await until('they are closed', () => cut.every(({ over }) => over !== undefined));
    });
    await promised('connections of a revoked key are closed', async () => {
      await a.ok('DELETE', `/v1/playback_keys/${second.id}`, { key: world.apiKey });
      await until('it is closed', () => ofSecond.over !== undefined);
    });
    put(0);
    await until('the other one goes on', () => stays.tags.length >= 3);
    expect(stays.over).toBeUndefined();
    stays.close();
    await expect(FlvPlayer.webSocket(await url({ viewer_id: 'mal' }))).rejects.toThrow('403');
  });
});

describe('a token that may be used once', () => {
  const once = (jti: string, more: JWTPayload = {}): JWTPayload => ({ single_use: true, jti, ...more });

  it('starts playback once, whichever gateway is asked, and what it has started goes on', async () => {
    const text = await token(once('once-1', { viewer_id: 'ada' }));
    const path = `/hls/${signedId}/index.m3u8?token=${text}`;
    // Neither of them starts playback.
    expect((await a.call('HEAD', path, { key: '' })).status).toBe(200);
    expect((await get(`/watch/${signedId}/info?token=${text}`, b)).status).toBe(200);
    const answers = await Promise.all([...gateways, ...gateways, ...gateways].map((gateway) => get(path, gateway)));
    const started = answers.filter(({ status }) => status === 200);
    expect(started).toHaveLength(1);
    for (const { status, body, headers } of answers) {
      if (status === 200) continue;
      expect([status, body]).toMatchObject([401, { code: 'playback_token_used' }]);
      expect(headers.get('cache-control')).toBe('no-store');
    }
    const media = firstIn(started[0]!.text);
    for (const gateway of gateways) expect((await get(media, gateway)).status).toBe(200);
    // Another token with its name is the same; so is one for FLV.
    const again = await token(once('once-1', { exp: inSeconds(200) }));
    expect((await get(`/hls/${signedId}/master.m3u8?token=${again}`, b)).status).toBe(401);
    const viewer = media.split('?')[1] ?? '';
    expect((await get(`/hls/${signedId}/master.m3u8?${viewer}`, b)).status).toBe(200);
    expect((await get(`/watch/${signedId}/info?${viewer}`, b)).status).toBe(200);
    expect((await get(`/hls/${signedId}/index.m3u8?token=${await token(once('once-2'))}`, b)).status).toBe(200);
  });

  it('of another tenant with the same name is another one', async () => {
    await open(once('shared'));
    const other = await makeWorld(a);
    const ids = `/v1/live_streams/${other.streamId}/playback_ids`;
    const { id } = await a.ok('POST', ids, { key: other.apiKey, body: { policy: 'signed' } });
    await (await SampleStream.begin(a.liveStore, other.streamId)).add();
    const text = await token({ sub: String(id), ...once('shared') }, await makeKey(other));
    expect((await get(`/hls/${String(id)}/index.m3u8?token=${text}`)).status).toBe(200);
  });

  it('is not used up by a stream that is not live', async () => {
    const made = await a.ok('POST', '/v1/live_streams', {
      key: world.apiKey,
      body: { name: 'later', playback_policy: 'signed' },
    });
    const [playback] = made['playback_ids'] as { id: string }[];
    const id = playback!.id;
    const text = await token({ sub: id, ...once('later') });
    expect((await get(`/live/${id}.flv?token=${text}`)).body).toMatchObject({ code: 'stream_offline' });
    await (await SampleStream.begin(a.liveStore, String(made['id']))).add();
    expect((await get(`/hls/${id}/index.m3u8?token=${text}`)).status).toBe(200);
    expect((await get(`/hls/${id}/index.m3u8?token=${text}`)).body).toMatchObject({ code: 'playback_token_used' });
  });

  it('is not used up where a quota leaves no place for its viewer', async () => {
    const other = await makeWorld(a);
    const ids = `/v1/live_streams/${other.streamId}/playback_ids`;
    const id = String((await a.ok('POST', ids, { key: other.apiKey, body: { policy: 'signed' } }))['id']);
    await (await SampleStream.begin(a.liveStore, other.streamId)).add();
    const signer = await makeKey(other);
    const quotas = `/v1/tenants/${other.tenantId}/quotas`;
    await a.ok('PUT', quotas, { body: { viewers: 1 } });
    const playlistFor = async (jti: string): Promise<string> =>
      `/hls/${id}/index.m3u8?token=${await token({ sub: id, ...once(jti) }, signer)}`;
    const entered = await get(await playlistFor('in'));
    expect(entered.status).toBe(200);
    const late = await playlistFor('late');
    for (const gateway of gateways)
      expect(await get(late, gateway)).toMatchObject({ status: 403, body: { code: 'playback_quota_exceeded' } });
    const media = entered.text.split('\n').find((line) => line.startsWith('index.m3u8')) ?? '';
    for (const gateway of gateways) expect((await get(`/hls/${id}/${media}`, gateway)).status).toBe(200);
    await a.ok('PUT', quotas, { body: { viewers: 2 } });
    await until('there is a place', async () => (await get(late, b)).status === 200);
  });

  it('needs a name and a short life', async () => {
    for (const [claims, detail] of [
      [{ single_use: true }, '`jti`'],
      [once('long', { exp: inSeconds(700) }), '`single_use`'],
    ] as const) {
      const answer = await get(`/hls/${signedId}/index.m3u8?token=${await token(claims)}`);
      expect([answer.status, answer.body]).toMatchObject([
        401,
        { code: 'playback_token_invalid', detail: expect.stringContaining(detail) as string },
      ]);
    }
  });

  it('is one of so many that a tenant may use', async () => {
    const few = await TestGateway.start({
      databaseUrl: postgres.url(),
      liveStore: a.liveStore,
      frameBus,
      env: { ...env, MILLRACE_SINGLE_USE_TOKENS_PER_SECOND: '1' },
    });
    const statuses: number[] = [];
    const refused = await until('a token too many', async () => {
      const text = await token(once(`few-${statuses.length}`));
      const answer = await get(`/hls/${signedId}/index.m3u8?token=${text}`, few);
      statuses.push(answer.status);
      return answer.status !== 200 && answer;
    });
    expect(statuses.length).toBeGreaterThan(10);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    expect(refused.body).toMatchObject({ code: 'too_many_requests' });
    await few.close();
  });
});

describe('a short token', () => {
  const shorten = async (claims: JWTPayload = {}, gateway = a): Promise<Answer> =>
    gateway.call('POST', `/watch/${signedId}/short_token?token=${await token(claims)}`, { key: '' });
  const shortOf = async (claims: JWTPayload = {}): Promise<string> => {
    const answer = await shorten(claims);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('private, no-store');
    return String((answer.body as Record<string, unknown>)['token']);
  };
  const play = (text: string, gateway = a): Promise<Answer> =>
    get(`/hls/${signedId}/index.m3u8?token=${text}`, gateway);

  it('stands for a token of any length, on every gateway, and is the same when asked for again', async () => {
    const long: JWTPayload = {
      jti: 'x'.repeat(128),
      exp: inSeconds(200),
      unread: 'y'.repeat(1_500),
    };
    const whole = await token(long);
    expect(whole.length).toBeGreaterThan(2_000);
    const [one, again] = await Promise.all(
      gateways.map((gateway) => gateway.call('POST', `/watch/${signedId}/short_token?token=${whole}`, { key: '' })),
    );
    expect(one!.body).toEqual(again!.body);
    const { token: short, expires_at: until } = one!.body as { token: string; expires_at: string };
    expect(short).toMatch(/^spt_[\w-]{38}$/);
    expect(Math.abs(Date.parse(until) - Date.now() - 210_000)).toBeLessThan(5_000);
    for (const gateway of gateways) expect((await play(short, gateway)).status).toBe(200);
  });

  it('is proven to an edge by a digest of it, with its first characters as the user, once and at any gateway', async () => {
    const uri = `rtsp://h/play/${signedId}`;
    const login = async (name: string, password: string, user = signedId): Promise<PlaybackLogin> => {
      const challenge = await a.control.challengeLogin({ user, clientAddress: '192.0.2.1' }, 5_000);
      const digest = { algorithm: 'MD5', username: name, realm: 'r', method: 'DESCRIBE', uri } as const;
      const md5 = (...parts: string[]) => createHash('md5').update(parts.join(':')).digest('hex');
      const response = md5(md5(name, 'r', password), challenge!.opaque, md5('DESCRIBE', uri));
      return { opaque: challenge!.opaque, response, attempt: newId('evt'), digest };
    };
    const visit = { playbackId: signedId, clientAddress: '192.0.2.1', player: 'x', edgeId: 'edge', protocol: 'rtsp' };
    const ask = async (login: PlaybackLogin, from = {}) => {
      const answer = await b.control.authorizePlayback({ ...visit, ...from, login }, 5_000);
      return answer.granted ? 'granted' : answer.refusal;
    };
    const short = await shortOf({ exp: inSeconds(100) });
    const name = short.slice(0, 26);
    const good = await login(name, short);
    expect(await ask(good)).toBe('granted');
    // An edge may ask again; a player may not.
    expect(await ask(good)).toBe('granted');
    expect(await ask({ ...good, attempt: newId('evt') })).toBe('playback_token_invalid');
    expect(await ask(await login(name, short), { clientAddress: '192.0.2.2' })).toBe('playback_token_invalid');
    expect(await ask(await login(name, short, newId('pbk')))).toBe('playback_token_invalid');
    expect(await ask(await login(name, name))).toBe('playback_token_invalid');
    expect(await ask(await login(signedId, short))).toBe('playback_token_invalid');
    const [other, made] = [await shortOf({ exp: inSeconds(101) }), `spt_${'A'.repeat(38)}`];
    expect(await ask(await login(other.slice(0, 26), short))).toBe('playback_token_invalid');
    expect(await ask(await login(made.slice(0, 26), made))).toBe('playback_token_invalid');
  });

  it('is refused where the token would be: expired, of a revoked viewer, used once, of another playback id, or made up', async () => {
    const brief = await shortOf({ exp: inSeconds(-8) });
    await until('the token has expired', async () => (await play(brief)).status === 401);
    const revoked = await shortOf({ viewer_id: 'shortened' });
    expect((await play(revoked)).status).toBe(200);
    await a.ok('POST', '/v1/viewer_sessions/revoke', { key: world.apiKey, body: { viewer_id: 'shortened' } });
    await until('the revocation holds everywhere', async () => (await play(revoked, b)).status === 403);
    const once = await shortOf({ single_use: true, jti: 'shortened' });
    const statuses = [await play(once), await play(once, b)].map(({ status, body }) => [
      status,
      (body as Record<string, unknown> | undefined)?.['code'],
    ]);
    expect(statuses).toEqual([
      [200, undefined],
      [401, 'playback_token_used'],
    ]);
    const good = await shortOf();
    const forged = good.endsWith('A') ? `${good.slice(0, -1)}B` : `${good.slice(0, -1)}A`;
    expect((await play(`spt_${'A'.repeat(38)}`)).body).toMatchObject({ code: 'playback_token_invalid' });
    expect((await play(forged)).body).toMatchObject({ code: 'playback_token_invalid' });
    expect((await shorten({ sub: newId('pbk') })).status).toBe(401);
    expect((await shorten({ exp: inSeconds(-60) })).body).toMatchObject({ code: 'playback_token_expired' });
  });
});

describe('a strict restriction', () => {
  it('has each request checked, for segments too, and lets no cache keep anything', async () => {
    const restriction_id = await makeRestriction({ strict: true, allowed_addresses: ['203.0.113.0/24'] });
    const there = { 'x-forwarded-for': '203.0.113.7' };
    const media = await open({ restriction_id, viewer_id: 'strict' }, there);
    const list = await get(media, b, there);
    expect(list.text).not.toMatch(/[?&]s=/);
    const segment = firstIn(list.text);
    for (const gateway of gateways) {
      const answer = await get(segment, gateway, there);
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'private, no-store']);
      expect((await get(segment, gateway)).body).toMatchObject({ code: 'playback_not_allowed' });
    }
    await a.ok('POST', '/v1/viewer_sessions/revoke', { key: world.apiKey, body: { viewer_id: 'strict' } });
    for (const gateway of gateways)
      await until('its segments are refused', async () => (await get(segment, gateway, there)).status === 403);
    await a.ok('PATCH', `/v1/playback_restrictions/${restriction_id}`, { key: world.apiKey, body: { strict: false } });
    const shared = await open({ restriction_id }, there);
    await until('segments are shared again', async () => /[?&]s=/.test((await get(shared, b, there)).text));
  });
});

describe('a tenant without public playback', () => {
  it('has no public playback ids any more, nor new ones, on any gateway, until it chooses otherwise', async () => {
    const other = await makeWorld(a);
    await (await SampleStream.begin(a.liveStore, other.streamId)).add();
    const path = `/v1/tenants/${other.tenantId}`;
    const playlist = `/hls/${other.playbackId}/index.m3u8`;
    const choose = (value: boolean) =>
      a.ok('PATCH', path, { key: other.apiKey, body: { require_signed_playback: value } });
    expect((await get(playlist, b)).status).toBe(200);
    expect(await choose(true)).toMatchObject({ require_signed_playback: true });
    for (const gateway of gateways) {
      const answer = await until('it is refused', async () => {
        const found = await get(playlist, gateway);
        return found.status !== 200 && found;
      });
      expect([answer.status, answer.body]).toMatchObject([403, { code: 'signed_playback_required' }]);
      expect((await get(`/live/${other.playbackId}.flv`, gateway)).body).toMatchObject({
        code: 'signed_playback_required',
      });
    }
    const ids = `/v1/live_streams/${other.streamId}/playback_ids`;
    for (const [where, body] of [
      [ids, { policy: 'public' }],
      ['/v1/live_streams', { name: 'public' }],
    ] as const)
      expect((await a.call('POST', where, { key: other.apiKey, body })).body).toMatchObject({
        code: 'signed_playback_required',
      });
    const signed = await a.ok('POST', ids, { key: other.apiKey, body: { policy: 'signed' } });
    const text = await token({ sub: String(signed['id']) }, await makeKey(other));
    expect((await get(`/hls/${String(signed['id'])}/index.m3u8?token=${text}`)).status).toBe(200);
    // Everything else of a tenant is the operator's.
    for (const body of [{ name: 'x' }, { require_signed_playback: false, max_rooms: 7 }, {}])
      expect((await a.call('PATCH', path, { key: other.apiKey, body })).status, JSON.stringify(body)).toBe(403);
    await choose(false);
    await until('it plays again', async () => (await get(playlist, b)).status === 200);
  });
});

describe('an encrypted stream', () => {
  /** Of a stream with a public and a signed playback id. */
  let ids: { readonly publicId: string; readonly encryptedId: string; readonly streamId: string };
  let encrypted: SampleStream;

  beforeAll(async () => {
    const asked = { key: world.apiKey, body: { name: 'encrypted', encryption: 'aes-128', key_rotation_segments: 5 } };
    const made = await a.ok('POST', '/v1/live_streams', asked);
    expect(made).toMatchObject({ encryption: 'aes-128', key_rotation_segments: 5 });
    const streamId = String(made['id']);
    const [playback] = made['playback_ids'] as { id: string }[];
    const path = `/v1/live_streams/${streamId}/playback_ids`;
    const signed = await a.ok('POST', path, { key: world.apiKey, body: { policy: 'signed' } });
    ids = { publicId: playback!.id, encryptedId: String(signed['id']), streamId };
    encrypted = await SampleStream.begin(a.liveStore, streamId, { window: 3, keyEvery: 2 });
    for (let i = 0; i < 5; i++) await encrypted.add();
  });

  /** The media playlist, and its own address. */
  async function mediaOf(id: string, claims?: JWTPayload): Promise<readonly [string, string]> {
    let path = `/hls/${id}/index.m3u8`;
    if (claims !== undefined) {
      const answer = await get(`${path}?token=${await token({ sub: id, ...claims })}`);
      path = `/hls/${id}/${answer.text.split('\n').find((line) => line.startsWith('index.m3u8')) ?? ''}`;
    }
    return [path, (await get(path)).text];
  }
  const keysIn = (playlist: string): string[] =>
    [...playlist.matchAll(/^#EXT-X-KEY:METHOD=AES-128,URI="([^"]*)"$/gm)].map(([, uri]) => String(uri));
  const segmentsIn = (playlist: string): string[] =>
    playlist.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const bytesAt = async (gateway: TestGateway, path: string): Promise<Buffer> => {
    const answer = await fetch(gateway.url + path);
    expect(answer.status, path).toBe(200);
    return Buffer.from(await answer.arrayBuffer());
  };

  it('has the same bytes under the same URL on every gateway, which the keys of the playlist decrypt', async () => {
    const { publicId, encryptedId } = ids;
    for (const [id, claims] of [[publicId], [encryptedId, { viewer_id: 'ada' }]] as const) {
      const [, playlist] = await mediaOf(id, claims);
      expect(segmentsIn(playlist).map((url) => url.split('?', 1)[0])).toEqual(['2.k2.ts', '3.k2.ts', '4.k4.ts']);
      const [first, second, third] = segmentsIn(playlist);
      const [older, newer] = keysIn(playlist);
      expect([older, newer].map((url) => url?.split('?', 1)[0])).toEqual(['keys/2', 'keys/4']);
      for (const [url, keyUrl, number] of [
        [first, older, 2],
        [second, older, 3],
        [third, newer, 4],
      ] as const) {
        const [segment, again] = [await bytesAt(a, `/hls/${id}/${url}`), await bytesAt(b, `/hls/${id}/${url}`)];
        expect(segment.equals(again)).toBe(true);
        const secret = await bytesAt(number % 2 === 0 ? a : b, `/hls/${id}/${keyUrl}`);
        const iv = Buffer.alloc(16);
        iv[15] = number;
        const decipher = createDecipheriv('aes-128-cbc', secret, iv);
        const plain = Buffer.concat([decipher.update(segment), decipher.final()]);
        expect(plain.equals(sampleSegmentBytes(number))).toBe(true);
      }
    }
  });

  it('may be kept by caches, and its keys may not', async () => {
    const { publicId, encryptedId } = ids;
    const [, shared] = await mediaOf(publicId);
    const [, ada] = await mediaOf(encryptedId, { viewer_id: 'ada' });
    const [, bob] = await mediaOf(encryptedId, { viewer_id: 'bob' });
    const caching = async (id: string, url: string | undefined): Promise<string | null> =>
      (await get(`/hls/${id}/${url}`)).headers.get('cache-control');
    expect(await caching(publicId, segmentsIn(shared)[0])).toBe('public, max-age=86400, immutable');
    expect(await caching(encryptedId, segmentsIn(ada)[0])).toMatch(/^public, max-age=\d+, immutable$/);
    for (const [id, playlist] of [
      [publicId, shared],
      [encryptedId, ada],
    ] as const) {
      const answer = await get(`/hls/${id}/${keysIn(playlist)[0]}`, b, { origin: 'https://live.example' });
      expect([
        answer.status,
        answer.headers.get('cache-control'),
        answer.headers.get('access-control-allow-origin'),
      ]).toEqual([200, 'private, no-store', '*']);
      expect([answer.headers.get('content-length'), answer.headers.get('etag')]).toEqual(['16', null]);
    }
    // Unless the end of half a minute was in between.
    if (segmentsIn(ada)[0] === segmentsIn(bob)[0]) expect(segmentsIn(ada)).toEqual(segmentsIn(bob));
    expect(keysIn(ada)).not.toEqual(keysIn(bob));
  });

  it('tells no key to those who may not watch, and none that no listed segment has', async () => {
    const { publicId, encryptedId } = ids;
    const [, playlist] = await mediaOf(encryptedId, { viewer_id: 'ada' });
    const [, ticket = ''] = keysIn(playlist)[0]?.split('?viewer=') ?? [];
    const [, other = ''] = (await open({ viewer_id: 'ada' })).split('?viewer=');
    const refused: [string, number, string][] = [
      ['keys/2', 401, 'playback_token_invalid'],
      ['keys/2?viewer=', 401, 'playback_token_invalid'],
      [`keys/2?token=${await token({ sub: encryptedId })}`, 401, 'playback_token_invalid'],
      [`keys/2?viewer=${ticket.slice(0, -1)}`, 401, 'playback_token_invalid'],
      // The ticket of another playback id.
      [`keys/2?viewer=${other}`, 401, 'playback_token_invalid'],
      ...['6', '1', '02', '-2', '2.0', 'x', '%32x', '99999999999999999999'].map((number): [string, number, string] => [
        `keys/${number}?viewer=${ticket}`,
        404,
        'not_found',
      ]),
    ];
    for (const [path, status, code] of refused)
      for (const gateway of gateways) {
        const answer = await get(`/hls/${encryptedId}/${path}`, gateway);
        expect([answer.status, answer.body], path).toMatchObject([status, { code }]);
        expect(answer.headers.get('cache-control')).toBe('no-store');
      }
    expect((await get(`/hls/${publicId}/keys/6`)).status).toBe(404);
    expect((await get(`/hls/${newId('pbk')}/keys/2`)).status).toBe(404);
    // A stream without encryption has no keys.
    expect((await get(`/hls/${world.playbackId}/keys/0`)).status).toBe(404);
  });

  it('tells a revoked viewer no further key within five seconds, on any gateway', async () => {
    const { encryptedId } = ids;
    let version = 0;
    await promised('a revoked viewer gets no key', async () => {
      version++;
      const claims = { viewer_id: 'rev', viewer_session_version: version };
      const [, playlist] = await mediaOf(encryptedId, claims);
      const path = `/hls/${encryptedId}/${keysIn(playlist)[0]}`;
      for (const gateway of gateways) expect((await get(path, gateway)).status).toBe(200);
      const body = { viewer_id: 'rev', version_lte: version };
      await a.ok('POST', '/v1/viewer_sessions/revoke', { key: world.apiKey, body });
      for (const gateway of gateways) {
        const answer = await until('the key is refused', async () => {
          const found = await get(path, gateway);
          return found.status !== 200 && found;
        });
        expect([answer.status, answer.body]).toMatchObject([403, { code: 'viewer_session_revoked' }]);
      }
    });
  });

  it('is not shown as FLV, which cannot be encrypted', async () => {
    const { publicId, encryptedId } = ids;
    for (const path of [publicId, `${encryptedId}`].map((id) => `/live/${id}.flv`)) {
      const query = path.includes(encryptedId) ? `?token=${await token({ sub: encryptedId })}` : '';
      for (const gateway of gateways)
        expect(await get(path + query, gateway)).toMatchObject({ status: 403, body: { code: 'stream_encrypted' } });
      await expect(FlvPlayer.webSocket(`${a.url}${path}${query}`)).rejects.toThrow('403');
    }
  });

  it.each(['rtmp', 'rtmps', 'rtsp', 'rtsps'])('is not shown by %s, which cannot encrypt it', async (protocol) => {
    const visit = { playbackId: ids.publicId, clientAddress: '192.0.2.1', player: 'x', edgeId: 'edge', protocol };
    expect(await a.control.authorizePlayback(visit, 5_000)).toEqual({
      granted: false,
      refusal: 'stream_encrypted',
      detail: `This stream is encrypted (\`aes-128\`): ${protocol.slice(0, 4).toUpperCase()} would show it to everyone. It plays over HLS.`,
    });
  });

  it('is told so to the packager when an encoder connects, and a change holds from the next one on', async () => {
    const path = `/v1/live_streams/${ids.streamId}`;
    const made = await a.ok('POST', `${path}/stream_keys`, { key: world.apiKey, body: {} });
    await a.ok('PATCH', path, { key: world.apiKey, body: { second_publisher: 'takeover' } });
    const settings = async () => (await publish(a, String(made['key']))).settings;
    expect(await settings()).toMatchObject({ keyRotationSegments: 5 });
    await a.ok('PATCH', path, { key: world.apiKey, body: { key_rotation_segments: 10_000 } });
    expect(await settings()).toMatchObject({ keyRotationSegments: 10_000 });
    expect(await settings()).not.toHaveProperty('audioTracks');
    const audioTracks = [{ track: 0, name: 'Deutsch', language: 'de' }];
    await a.ok('PATCH', path, { key: world.apiKey, body: { audio_tracks: audioTracks } });
    expect(await settings()).toMatchObject({ audioTracks });
    await a.ok('PATCH', path, { key: world.apiKey, body: { encryption: 'none' } });
    expect(await settings()).not.toHaveProperty('keyRotationSegments');
    for (const body of [{ key_rotation_segments: 4 }, { key_rotation_segments: 10_001 }, { encryption: 'aes-256' }])
      expect((await a.call('PATCH', path, { key: world.apiKey, body })).status, JSON.stringify(body)).toBe(400);
  });
});

describe('limits of a tenant', () => {
  it('on keys, restrictions and revoked viewers are named in the refusal', async () => {
    const few = await TestGateway.start({
      databaseUrl: postgres.url(),
      env: {
        ...env,
        MILLRACE_MAX_PLAYBACK_KEYS_PER_TENANT: '1',
        MILLRACE_MAX_PLAYBACK_RESTRICTIONS_PER_TENANT: '1',
        MILLRACE_MAX_VIEWER_REVOCATIONS_PER_TENANT: '1',
      },
    });
    try {
      const other = await makeWorld(few);
      for (const [path, bodies, detail] of [
        ['/v1/playback_keys', [{}, {}], '1 active playback keys'],
        ['/v1/playback_restrictions', [{}, {}], '1 playback restrictions'],
        ['/v1/viewer_sessions/revoke', [{ viewer_id: 'x' }, { viewer_id: 'y' }], '1 revoked viewers'],
      ] as const) {
        await few.ok('POST', path, { key: other.apiKey, body: bodies[0] });
        const answer = await few.call('POST', path, { key: other.apiKey, body: bodies[1] });
        expect([answer.status, answer.body]).toMatchObject([
          409,
          { code: 'quota_exceeded', detail: expect.stringContaining(detail) as string },
        ]);
      }
      // A viewer that is revoked already may be revoked again.
      await few.ok('POST', '/v1/viewer_sessions/revoke', { key: other.apiKey, body: { viewer_id: 'x' } });
    } finally {
      await few.close();
    }
  });
});
