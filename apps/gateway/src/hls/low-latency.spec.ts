// Low-Latency HLS (draft-pantos-hls-rfc8216bis section 6.2.5), by way of two gateways that share a live store.
import { createPrivateKey } from 'node:crypto';
import { createMemoryLiveStore } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { parseMediaPlaylist, parseMultivariantPlaylist } from '@millrace/protocol/hls/testing';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sampleBytes, SampleLowLatency } from '../testing/sample-low-latency.ts';
import { makeWorld, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';

let postgres: TestPostgres;
let liveStore: LiveStore;
let gateways: readonly TestGateway[];
let world: World;
let stream: SampleLowLatency;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  liveStore = createMemoryLiveStore();
  const env = {
    MILLRACE_HLS_MAX_HELD: '8',
    MILLRACE_HLS_MAX_HELD_PER_ADDRESS: '3',
    MILLRACE_HLS_MAX_HELD_PER_TENANT: '5',
    MILLRACE_HLS_WAIT_MS: '300',
  };
  const shared = { databaseUrl: postgres.url(), liveStore, env };
  gateways = [await TestGateway.start(shared), await TestGateway.start(shared)];
  world = await makeWorld(gateways[0]!);
  stream = await SampleLowLatency.begin(liveStore, world.streamId);
  for (let count = 0; count < 10; count++) await stream.addSegment();
});
afterAll(async () => {
  for (const gateway of gateways) await gateway.close();
  await postgres.remove();
});

const get = (file: string, gateway = 0, init: RequestInit = {}): Promise<Response> =>
  fetch(`${gateways[gateway]!.url}/hls/${world.playbackId}/${file}`, init);
const held = (count: number, gateway = 0): Promise<boolean> =>
  until(`${count} are held`, async () =>
    (await gateways[gateway]!.metrics.text()).includes(`millrace_playback_held ${count}\n`),
  );
const next = (rendition = 'video', more = ''): string =>
  `${rendition}.m3u8?_HLS_msn=${stream.head}&_HLS_part=${stream.parts}${more}`;

describe('a stream with low latency', () => {
  it('is what the multivariant playlist names first, with its sound; MPEG-TS has the media playlist as before', async () => {
    const { variants, renditions } = parseMultivariantPlaylist(await (await get('master.m3u8')).text());
    expect(variants.map(({ uri, audio, codecs }) => [uri, audio, codecs])).toEqual([
      ['video.m3u8', 'audio', ['avc1.64001f', 'mp4a.40.2']],
      ['index.m3u8', 'muxed', ['avc1.64001f', 'mp4a.40.2']],
    ]);
    expect(renditions).toMatchObject([
      { type: 'AUDIO', groupId: 'audio', uri: 'audio.m3u8', isDefault: true },
      { type: 'AUDIO', groupId: 'muxed', uri: undefined, isDefault: true },
    ]);
    expect(await (await get('index.m3u8')).text()).not.toContain('EXT-X-PART');
  });

  it('has a playlist for each rendition, good for a second', async () => {
    for (const file of ['video.m3u8', 'audio.m3u8']) {
      const answer = await get(file);
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'public, max-age=1, must-revalidate']);
      const tag = answer.headers.get('etag')!;
      expect(parseMediaPlaylist(await answer.text())).toMatchObject({ partTarget: 0.5, mediaSequence: 0 });
      expect((await get(file, 0, { headers: { 'if-none-match': tag } })).status).toBe(304);
      const headed = await get(file, 0, { method: 'HEAD' });
      expect([headed.status, headed.headers.get('etag'), await headed.text()]).toEqual([200, tag, '']);
    }
  });

  it('answers a blocking reload on any gateway as soon as the part is there: shared caches may keep that for six target durations', async () => {
    const asked = [get(next()), get(next('audio'), 1)];
    await held(1);
    await held(1, 1);
    await stream.addPart();
    for (const [index, answer] of (await Promise.all(asked)).entries()) {
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'public, max-age=0, s-maxage=12']);
      const letter = index === 0 ? 'v' : 'a';
      expect(parseMediaPlaylist(await answer.text()).open?.parts.at(-1)?.uri).toBe(`${letter}${stream.head}.0.m4s`);
    }
    await held(0);
  });

  it('answers at once what is there: an older segment, a listed part', async () => {
    for (const query of [
      '_HLS_msn=3',
      `_HLS_msn=${stream.head}&_HLS_part=0`,
      `_HLS_msn=${stream.head - 1}&_HLS_part=99`,
    ])
      expect((await get(`video.m3u8?${query}`)).status, query).toBe(200);
  });

  it('waits for a whole segment where no part is named, and for the next one where the part is beyond its end', async () => {
    const whole = get(`video.m3u8?_HLS_msn=${stream.head}`);
    const beyond = get(`video.m3u8?_HLS_msn=${stream.head}&_HLS_part=50`);
    await held(2);
    const { head } = stream;
    await stream.addPart();
    await held(2);
    await stream.addSegment();
    const completing = await whole;
    // Video.js asks for what completes a segment again and again until the next part is there.
    expect(completing.headers.get('cache-control')).toBe('public, max-age=0, s-maxage=1');
    const { mediaSequence, segments } = parseMediaPlaylist(await completing.text());
    expect(mediaSequence + segments.length).toBe(head + 1);
    const behindItsLast = get(`video.m3u8?_HLS_msn=${head}&_HLS_part=4`);
    await held(2);
    await stream.addPart();
    for (const answer of await Promise.all([beyond, behindItsLast]))
      expect(parseMediaPlaylist(await answer.text()).open?.parts.map(({ uri }) => uri)).toEqual([`v${head + 1}.0.m4s`]);
  });

  it.each([
    ['far beyond the end', () => `_HLS_msn=${stream.head + 2}`],
    ['a part of no segment', () => '_HLS_part=1'],
    ['no number', () => '_HLS_msn=x'],
    ['a negative one', () => '_HLS_msn=-1'],
    ['two of them', () => '_HLS_msn=1&_HLS_msn=2'],
    ['too many digits', () => `_HLS_msn=${'9'.repeat(30)}`],
  ])('refuses %s with 400', async (_, query) => {
    const answer = await get(`video.m3u8?${query()}`);
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([400, 'invalid_request']);
  });

  it('leaves out what a player has that says so, also in a blocking reload', async () => {
    const delta = parseMediaPlaylist(await (await get('video.m3u8?_HLS_skip=YES')).text());
    expect(delta.skip?.skippedSegments).toBeGreaterThan(3);
    expect(delta.segments[0]?.map?.uri).toBe('map-0.mp4');
    const asked = get(next('video', '&_HLS_skip=YES'));
    await held(1);
    await stream.addPart();
    expect(parseMediaPlaylist(await (await asked).text()).skip).toEqual(delta.skip);
  });

  it('holds a request for the hinted part until it is there, and sends it whole', async () => {
    const name = `v${stream.head}.${stream.parts}.m4s`;
    const asked = [get(name), get(name, 1)];
    await held(1);
    await held(1, 1);
    await stream.addPart();
    for (const answer of await Promise.all(asked)) {
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'public, max-age=86400, immutable']);
      expect(Buffer.from(await answer.arrayBuffer())).toEqual(sampleBytes(name));
    }
    const part = await get(name, 0, { headers: { range: 'bytes=4-8' } });
    expect([part.status, await part.text()]).toEqual([206, 'bytes']);
  });

  it('answers 404 for a hinted part that never comes, once its segment is whole, and reads nothing for it', async () => {
    while (stream.parts < 3) await stream.addPart();
    const name = `v${stream.head}.${stream.parts + 1}.m4s`;
    const asked = get(name);
    await held(1);
    const read = vi.spyOn(liveStore, 'readSegment');
    await stream.addSegment();
    expect((await asked).status).toBe(404);
    expect(read.mock.calls.filter((call) => call.includes(name))).toEqual([]);
  });

  it('holds no more requests than one address, and one tenant, may have', async () => {
    const from = (address: string): Promise<Response> => get(next(), 0, { headers: { 'x-forwarded-for': address } });
    const all = [
      ...Array.from({ length: 5 }, () => from('192.0.2.1')),
      ...Array.from({ length: 5 }, () => from('192.0.2.2')),
    ];
    const refused: number[] = [];
    for (const answer of all) void answer.then(({ status }) => void (status === 503 && refused.push(status)));
    await until('the others are refused', async () => refused.length === 5);
    await held(5);
    await stream.addPart();
    expect((await Promise.all(all)).filter(({ status }) => status === 200)).toHaveLength(5);
    await held(0);
  });

  it('forgets a request whose client went away', async () => {
    const gone = new AbortController();
    const asked = get(next(), 0, { signal: gone.signal });
    await held(1);
    gone.abort();
    await expect(asked).rejects.toThrow();
    await held(0);
  });

  it('gives viewers of a signed playback id parts with signatures, and holds what they ask for', async () => {
    const [gateway] = gateways as [TestGateway];
    const made = await gateway.ok('POST', `/v1/live_streams/${world.streamId}/playback_ids`, {
      key: world.apiKey,
      body: { policy: 'signed' },
    });
    const key = await gateway.ok('POST', '/v1/playback_keys', { key: world.apiKey, body: {} });
    const token = await new SignJWT({
      sub: String(made['id']),
      aud: 'playback',
      exp: Math.floor(Date.now() / 1_000) + 300,
    })
      .setProtectedHeader({ alg: String(key['algorithm']), kid: String(key['id']) })
      .sign(createPrivateKey(String(key['private_key'])));
    const at = (file: string): string => `${gateway.url}/hls/${String(made['id'])}/${file}`;
    const master = parseMultivariantPlaylist(await (await fetch(at(`master.m3u8?token=${token}`))).text());
    const standard = await (await fetch(at(`index.m3u8?token=${token}`))).text();
    expect(parseMultivariantPlaylist(standard).variants[0]?.uri).toMatch(/^index\.m3u8\?viewer=/);
    expect(master.renditions[0]?.uri).toMatch(/^audio\.m3u8\?viewer=/);
    const { uri } = master.variants[0]!;
    const asked = fetch(at(`${uri}&_HLS_msn=${stream.head}&_HLS_part=${stream.parts}`));
    await held(1);
    await stream.addPart();
    const text = await (await asked).text();
    expect(text).not.toContain('RENDITION-REPORT');
    const playlist = parseMediaPlaylist(text);
    const part = playlist.open!.parts.at(-1)!.uri;
    expect((await fetch(at(part))).status).toBe(200);
    expect((await fetch(at(part.split('?')[0]!))).status).toBe(401);
    const hint = fetch(at(playlist.preloadHints![0]!.uri));
    await held(1);
    await stream.addPart();
    expect((await hint).status).toBe(200);
  });

  it('lets all go once it has ended', async () => {
    const asked = get(next());
    await held(1);
    await stream.addSegment(true);
    expect(parseMediaPlaylist(await (await asked).text()).endList).toBe(true);
    expect((await get(`video.m3u8?_HLS_msn=${stream.head + 50}`)).status).toBe(200);
  });
});
