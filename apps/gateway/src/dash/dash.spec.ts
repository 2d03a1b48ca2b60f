// MPEG-DASH by way of two gateways that share a live store: what players get, what caches may keep, and who is let in.
import { createPrivateKey } from 'node:crypto';
import { createMemoryLiveStore } from '@millrace/live-store';
import { SignJWT } from 'jose';
import type { JWTPayload } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SampleStream } from '../testing/sample-stream.ts';
import { PERIOD, sampleBytes, SampleLowLatency } from '../testing/sample-low-latency.ts';
import { makeWorld, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';

let postgres: TestPostgres;
let gateways: readonly TestGateway[];
let a: TestGateway;
let world: World;
let stream: SampleLowLatency;
let signedId: string;
let key: Readonly<Record<string, unknown>>;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  const liveStore = createMemoryLiveStore();
  const env = { MILLRACE_HLS_WAIT_MS: '300', MILLRACE_KEY_PEPPER: 'the same pepper on every gateway' };
  const shared = { databaseUrl: postgres.url(), liveStore, env };
  gateways = [await TestGateway.start(shared), await TestGateway.start(shared)];
  a = gateways[0]!;
  world = await makeWorld(a);
  stream = await SampleLowLatency.begin(liveStore, world.streamId);
  for (let count = 0; count < 3; count++) await stream.addSegment();
  const body = { policy: 'signed' };
  const made = await a.ok('POST', `/v1/live_streams/${world.streamId}/playback_ids`, { key: world.apiKey, body });
  signedId = String(made['id']);
  key = await a.ok('POST', '/v1/playback_keys', { key: world.apiKey, body: {} });
});
afterAll(async () => {
  for (const gateway of gateways) await gateway.close();
  await postgres.remove();
});

const get = (
  file: string,
  { gateway = 0, id = world.playbackId, ...init }: RequestInit & { gateway?: number; id?: string } = {},
) => fetch(`${gateways[gateway]!.url}/dash/${id}/${file}`, init);
const token = (claims: JWTPayload = {}): Promise<string> =>
  new SignJWT({ sub: signedId, aud: 'playback', exp: Math.floor(Date.now() / 1_000) + 300, ...claims })
    .setProtectedHeader({ alg: String(key['algorithm']), kid: String(key['id']) })
    .sign(createPrivateKey(String(key['private_key'])));
const attribute = (text: string, name: string): string =>
  (new RegExp(` ${name}="([^"]*)"`).exec(text)?.[1] ?? '').replaceAll('&amp;', '&');
const mediaOf = (text: string, number: number): string => attribute(text, 'media').replace('$Number$', String(number));
const codeOf = async (answer: Response): Promise<string> => ((await answer.json()) as { code: string }).code;

describe('the manifest of a stream with low latency', () => {
  it('is the same on every gateway, good for a second, and names the segments that HLS has', async () => {
    const [one, other] = [await get('manifest.mpd'), await get('manifest.mpd', { gateway: 1 })];
    const text = await one.text();
    expect(await other.text()).toBe(text);
    expect([one.status, one.headers.get('content-type'), one.headers.get('cache-control')]).toEqual([
      200,
      'application/dash+xml',
      'public, max-age=1, must-revalidate',
    ]);
    expect(one.headers.get('access-control-allow-origin')).toBe('*');
    expect(attribute(text, 'start')).toBe(`PT${PERIOD.zeroMs / 1_000}S`);
    const tag = one.headers.get('etag')!;
    expect((await get('manifest.mpd', { headers: { 'if-none-match': tag } })).status).toBe(304);
    expect((await get('manifest.mpd', { method: 'HEAD' })).headers.get('etag')).toBe(tag);
    const segment = await get(mediaOf(text, 2), { gateway: 1 });
    expect(Buffer.from(await segment.arrayBuffer())).toEqual(sampleBytes('v2.m4s'));
    expect(segment.headers.get('cache-control')).toBe('public, max-age=86400, immutable');
    expect((await get(attribute(text, 'initialization'))).status).toBe(200);
  });

  it('follows the stream, and never goes back', async () => {
    const count = (text: string): number => Number(attribute(text, 'r')) + 1;
    const before = count(await (await get('manifest.mpd')).text());
    await stream.addSegment();
    await until('it is listed', async () => count(await (await get('manifest.mpd')).text()) === before + 1);
  });

  it('has a clock beside it, which no cache keeps', async () => {
    const [, clock = ''] = (await (await get('manifest.mpd')).text()).split('<UTCTiming ');
    const answer = await get(attribute(clock, 'value'));
    expect(Math.abs(Date.parse(await answer.text()) - Date.now())).toBeLessThan(60_000);
    expect([answer.headers.get('cache-control'), answer.headers.get('access-control-allow-origin')]).toEqual([
      'no-store',
      '*',
    ]);
  });

  it('is not there for a stream without renditions, one that is not live, and an id that does not exist', async () => {
    const standard = await makeWorld(a);
    await (await SampleStream.begin(a.liveStore, standard.streamId)).add();
    const refused = await get('manifest.mpd', { id: standard.playbackId });
    expect([refused.status, await codeOf(refused)]).toEqual([404, 'not_found']);
    const idle = await makeWorld(a);
    expect(await codeOf(await get('manifest.mpd', { id: idle.playbackId }))).toBe('stream_not_live');
    expect((await get('manifest.mpd', { id: 'pbk_00000000000000000000000000' })).status).toBe(404);
    expect((await get('index.m3u8')).status).toBe(404);
  });

  it('makes its readers viewers, and its bytes usage, of MPEG-DASH', async () => {
    const manifest = await get('manifest.mpd', {
      headers: { 'user-agent': 'dash player', 'accept-encoding': 'identity' },
    });
    const { byteLength } = await manifest.arrayBuffer();
    const metrics = await a.metrics.text();
    expect(metrics).toMatch(/millrace_playback_viewers\{protocol="dash"\} [1-9]/);
    expect(metrics).toMatch(/millrace_playback_requests_total\{kind="manifest",status="200"\} [1-9]/);
    const usage = await until('usage has it', async () => {
      const { data } = (await a.ok('GET', '/v1/usage?group_by=protocol', { key: world.apiKey })) as {
        data: { protocol: string; egress_bytes: number; viewer_seconds: number }[];
      };
      return data.find(({ protocol, egress_bytes: bytes }) => protocol === 'dash' && bytes > 0);
    });
    expect(usage.egress_bytes).toBeGreaterThanOrEqual(byteLength);
  });
});

describe('the manifest of a signed playback id', () => {
  it('is got with a token, then with what it was exchanged for; its segments with a signature that all viewers share', async () => {
    expect(await codeOf(await get('manifest.mpd', { id: signedId }))).toBe('playback_token_invalid');
    const entered = await get(`manifest.mpd?token=${await token()}`, { id: signedId });
    expect([entered.status, entered.headers.get('cache-control')]).toEqual([200, 'private, no-store']);
    const text = await entered.text();
    const location = /<Location>([^<]*)</.exec(text)![1]!;
    expect(location).toMatch(/^manifest\.mpd\?viewer=/);
    const again = await get(location, { id: signedId, gateway: 1 });
    const other = await get(`manifest.mpd?token=${await token({ jti: 'another' })}`, { id: signedId });
    // Unless the time that signatures are rounded to has come in between.
    const [second, third] = [await again.text(), await other.text()];
    expect([attribute(text, 'media'), attribute(third, 'media')]).toContain(attribute(second, 'media'));
    const path = mediaOf(text, 2);
    const segment = await get(path, { id: signedId, gateway: 1 });
    expect([segment.status, await segment.text()]).toEqual([200, sampleBytes('v2.m4s').toString()]);
    const [, maxAge] = /^public, max-age=(\d+), immutable$/.exec(segment.headers.get('cache-control')!)!;
    expect(Number(maxAge)).toBeLessThanOrEqual(90);
    expect((await get(path, { id: signedId })).status).toBe(200);
    expect((await get(attribute(text, 'initialization'), { id: signedId })).status).toBe(200);
    // No other rendition, no part, no other playback id, nothing without it.
    const query = path.split('?')[1]!;
    for (const file of [`a2.m4s?${query}`, `v2.0.m4s?${query}`, 'v2.m4s'])
      expect((await get(file, { id: signedId })).status, file).toBe(401);
  });

  it('takes a token that works once for its first answer, and goes on with what it was exchanged for', async () => {
    const once = await token({ jti: 'once', single_use: true });
    const first = await get(`manifest.mpd?token=${once}`, { id: signedId });
    const location = /<Location>([^<]*)</.exec(await first.text())![1]!;
    expect(await codeOf(await get(`manifest.mpd?token=${once}`, { id: signedId, gateway: 1 }))).toBe(
      'playback_token_used',
    );
    expect((await get(location, { id: signedId, gateway: 1 })).status).toBe(200);
  });

  it('is refused once its viewer is revoked, on any gateway', async () => {
    const entered = await get(`manifest.mpd?token=${await token({ viewer_id: 'ada' })}`, { id: signedId });
    const location = /<Location>([^<]*)</.exec(await entered.text())![1]!;
    await a.ok('POST', '/v1/viewer_sessions/revoke', { key: world.apiKey, body: { viewer_id: 'ada' } });
    await until(
      'the viewer is refused',
      async () => (await get(location, { id: signedId, gateway: 1 })).status === 403,
    );
  });

  it('names URLs of the viewer alone where each request is checked', async () => {
    const body = { name: 'strict', strict: true };
    const restriction = await a.ok('POST', '/v1/playback_restrictions', { key: world.apiKey, body });
    const entered = await get(`manifest.mpd?token=${await token({ restriction_id: String(restriction['id']) })}`, {
      id: signedId,
    });
    const path = mediaOf(await entered.text(), 2);
    expect(path).toMatch(/^v2\.m4s\?viewer=/);
    const segment = await get(path, { id: signedId, gateway: 1 });
    expect([segment.status, segment.headers.get('cache-control')]).toEqual([200, 'private, no-store']);
  });
});

describe('a stream that has ended', () => {
  it('has a manifest that says how long it is', async () => {
    await stream.addSegment(true);
    await until('it is over', async () =>
      (await (await get('manifest.mpd')).text()).includes('mediaPresentationDuration'),
    );
    expect(attribute(await (await get('manifest.mpd')).text(), 'type')).toBe('dynamic');
  });
});
