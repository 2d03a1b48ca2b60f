// FLV over HTTP and over WebSocket, of a whole gateway: frames come from the bus, sessions from the live store.
import { Codec, FrameFlag, FrameKind, newId } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { createMemoryFrameBus } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { FlvTagType } from '@millrace/protocol/flv';
import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FlvPlayer } from '../testing/flv-player.ts';
import { makeWorld, publish, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';

const PROMISED_MS = 1_000;
const ATTEMPTS = 3;

let postgres: TestPostgres;
let frameBus: FrameBus;
let gateway: TestGateway;
const players: FlvPlayer[] = [];

beforeAll(async () => {
  postgres = await TestPostgres.create();
  frameBus = createMemoryFrameBus();
  gateway = await TestGateway.start({
    databaseUrl: postgres.url(),
    frameBus,
    env: {
      MILLRACE_PLAYOUT_MAX_VIEWERS_PER_ADDRESS: '6',
      MILLRACE_PLAYOUT_START_MS: '500',
      MILLRACE_PLAYOUT_UNREAD_MS: '1000',
      MILLRACE_PLAYOUT_QUEUE_MS: '1000',
    },
  });
});
afterEach(() => {
  for (const player of players.splice(0)) player.close();
});
afterAll(async () => {
  await gateway.close();
  await frameBus.close();
  await postgres.remove();
});

interface Show {
  readonly world: World;
  readonly url: string;
  /** Publishes a group: configuration of both tracks, a keyframe, sound, a picture. */
  readonly group: (payloadBytes?: number) => void;
}

/** A live stream with one group in the log. */
async function live(): Promise<Show> {
  const world = await makeWorld(gateway);
  const { epoch } = await publish(gateway, world.streamKey);
  const publisher = frameBus.openPublisher(world.streamId, epoch);
  let sequence = 0;
  let dts90k = 0;
  const put = (over: Partial<Frame>): void =>
    void publisher.publish({
      kind: FrameKind.video,
      codec: Codec.h264,
      flags: 0,
      epoch,
      sequence: ++sequence,
      dts90k,
      compositionOffset90k: 0,
      payload: Uint8Array.of(sequence),
      ...over,
    });
  const group = (payloadBytes = 1): void => {
    put({ flags: FrameFlag.configuration });
    put({ kind: FrameKind.audio, codec: Codec.aac, flags: FrameFlag.configuration });
    put({ flags: FrameFlag.keyframe, payload: new Uint8Array(payloadBytes).fill(sequence) });
    put({ kind: FrameKind.audio, codec: Codec.aac });
    dts90k += 3_600;
    put({});
    dts90k += 3_600;
  };
  group();
  return { world, url: `${gateway.url}/live/${world.playbackId}.flv`, group };
}

type Protocol = 'http' | 'webSocket';
async function play(protocol: Protocol, url: string, address?: string): Promise<FlvPlayer> {
  const player = await FlvPlayer[protocol](url, address);
  players.push(player);
  return player;
}

const metric = async (line: RegExp, of = gateway): Promise<number> =>
  Number(line.exec(await of.metrics.text())?.[1] ?? NaN);
const payloads = ({ tags }: FlvPlayer): number[] => tags.map(({ data }) => data.at(-1)!);

describe.each<[Protocol, string]>([
  ['http', 'http-flv'],
  ['webSocket', 'ws-flv'],
])('over %s', (protocol, name) => {
  it('begins with the newest group, goes on with what comes, and is counted', async () => {
    const { url, group, world } = await live();
    group();
    const player = await play(protocol, url);
    await until('the newest group is there', () => player.tags.length === 5);
    expect(payloads(player)).toEqual([6, 7, 7, 9, 10]);
    expect(player.decoder.header).toMatchObject({ hasAudio: true, hasVideo: true });
    group();
    await until('and the next', () => player.tags.length === 10);
    expect(payloads(player).slice(5)).toEqual([11, 12, 12, 14, 15]);
    for (const track of [FlvTagType.audio, FlvTagType.video]) {
      const times = player.tags.filter(({ type }) => type === track).map(({ timestampMs }) => timestampMs);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(times.at(-1)).toBe(track === FlvTagType.video ? 1_120 : 1_080);
    }
    expect(await metric(new RegExp(`playback_viewers\\{protocol="${name}"\\} (\\d+)`))).toBe(1);
    // With the framing of the transport.
    expect(
      await metric(new RegExp(`tenant_egress_bytes_total\\{tenant="${world.tenantId}"\\} (\\d+)`)),
    ).toBeGreaterThan(await metric(new RegExp(`playout_bytes_total\\{protocol="${name}"\\} (\\d+)`)));
    const info = await gateway.call('GET', `/watch/${world.playbackId}/info`, { key: '' });
    expect(info.body).toMatchObject({ viewers: 1 });
    player.close();
    await until(
      'it has left',
      async () => (await metric(new RegExp(`playback_viewers\\{protocol="${name}"\\} (\\d+)`))) === 0,
    );
  });

  it('refuses ids that do not exist, and streams that are not live, each with its code', async () => {
    const idle = await makeWorld(gateway);
    for (const [id, code] of [
      [newId('pbk'), 'not_found'],
      ['x', 'not_found'],
      [idle.playbackId, 'stream_offline'],
    ])
      await expect(play(protocol, `${gateway.url}/live/${id}.flv`), code).rejects.toThrow(
        new RegExp(`^404: .*"code":"${code}"`),
      );
  });

  it('lets no more viewers of one address in than its share, and others beside them', async () => {
    const { url } = await live();
    const address = `198.51.100.${protocol.length}`;
    for (let n = 0; n < 6; n++) await play(protocol, url, address);
    if (protocol === 'http')
      await expect(play(protocol, url, address)).rejects.toThrow(/^503: .*"code":"too_many_viewers"/);
    else {
      const extra = await play(protocol, url, address);
      await until('it is closed', () => extra.over);
      expect(extra.over).toBe('1013 too_many_viewers');
    }
    const other = await play(protocol, url, '203.0.113.1');
    await until('another address is served', () => other.tags.length === 5);
  });

  it('ends its body when the session is over', async () => {
    const { url, world } = await live();
    const player = await play(protocol, url);
    await until('it plays', () => player.tags.length === 5);
    const session = await gateway.liveStore.readLiveStream(world.streamId);
    await gateway.liveStore.releaseClaim(session!.claim);
    await gateway.liveStore.endSession(world.streamId, session!.claim.sessionId);
    await until('it has ended', () => player.over);
    expect(player.over).toBe('end');
    expect(player.decoder.atBoundary).toBe(true);
  });

  it('cuts a viewer that reads nothing, and goes on serving the others', async () => {
    const { url, group } = await live();
    const good = await play(protocol, url);
    const cuts = new RegExp(`playout_cuts_total\\{protocol="${name}",reason="unread"\\} (\\d+)`);
    const before = await metric(cuts);
    const path = new URL(url);
    const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
    const headers = protocol === 'http' ? {} : { ...upgrade, 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' };
    const stuck = request(path, { headers, agent: false });
    stuck.on('response', (answer) => answer.pause()).on('upgrade', (_answer, socket) => socket.pause());
    stuck.on('error', () => undefined).end();
    // More than sockets take on both sides.
    await until('it is cut', async () => {
      if ((await metric(/playout_queued_bytes (\d+)/)) === 0) group(1_000_000);
      return (await metric(cuts)) > before;
    });
    const { length } = good.tags;
    group();
    await until('the other gets what comes', () => good.tags.length > length);
    expect(good.over).toBeUndefined();
    await until('nothing waits any more', async () => (await metric(/playout_queued_bytes (\d+)/)) === 0);
    stuck.destroy();
  });
});

it('misses no frame beside many that read nothing, who cost no more than their share', async () => {
  const [idle, share] = [200, 4 * 1024 * 1024];
  const busy = await TestGateway.start({
    databaseUrl: postgres.url(),
    frameBus,
    liveStore: gateway.liveStore,
    env: {
      MILLRACE_HTTP_MAX_CONNECTIONS_PER_ADDRESS: '1000',
      MILLRACE_PLAYOUT_MAX_VIEWERS_PER_ADDRESS: String(idle),
      MILLRACE_PLAYOUT_QUEUES_BYTES_PER_ADDRESS: String(share),
      MILLRACE_PLAYOUT_UNREAD_MS: '60000',
    },
  });
  const { url, group } = await live();
  const here = url.replace(gateway.url, busy.url);
  const unread = [];
  for (let n = 0; n < idle; n++) {
    // Limits are shared by address: those that read nothing have their own.
    const stuck = request(here, { headers: { 'x-forwarded-for': '198.51.100.99' }, agent: false });
    await new Promise<void>((resolve, reject) => {
      stuck.on('response', (answer) => resolve(void answer.pause())).on('error', reject);
      stuck.end();
    });
    unread.push(stuck);
  }
  const good = await Promise.all(Array.from({ length: 20 }, () => play('http', here)));
  for (const [at, one] of good.entries()) await until(`viewer ${at} plays`, () => one.tags.length === 5);
  // Until what the system keeps of the others is full, and they lose what has no room.
  const skips = (): Promise<number> => metric(/playout_skips_total\{protocol="http-flv"\} (\d+)/, busy);
  let groups = 1;
  while (groups % 5 !== 0 || (await skips()) === 0) {
    group(256 * 1024);
    groups++;
    await until('the next group has come', () => good[groups % 20]!.tags.length === 5 * groups);
  }
  const [first] = good;
  for (const one of good) {
    await until('all of it has come', () => one.tags.length === 5 * groups);
    expect(payloads(one)).toEqual(payloads(first!));
  }
  const numbers = payloads(first!).filter((_, i) => i % 5 === 4);
  expect(numbers).toEqual(numbers.map((_, i) => (numbers[0]! + 5 * i) & 0xff));
  expect(await metric(/playout_queued_bytes (\d+)/, busy)).toBeLessThanOrEqual(share);
  expect(good.filter(({ over }) => over !== undefined)).toEqual([]);
  for (const stuck of unread) stuck.destroy();
  for (const one of good) one.close();
  await busy.close();
});

const encrypt = ({ streamId }: World): Promise<unknown> =>
  gateway.ok('PATCH', `/v1/live_streams/${streamId}`, { body: { encryption: 'aes-128' } });

describe.each<[Protocol, string, (world: World) => Promise<unknown>]>([
  ['http', 'the stream is disabled', (w) => gateway.ok('POST', `/v1/live_streams/${w.streamId}/disable`)],
  ['webSocket', 'the stream is disabled', (w) => gateway.ok('POST', `/v1/live_streams/${w.streamId}/disable`)],
  ['http', 'the tenant is suspended', (w) => gateway.ok('POST', `/v1/tenants/${w.tenantId}/suspend`)],
  [
    'http',
    'the playback id is deleted',
    (w) => gateway.ok('DELETE', `/v1/live_streams/${w.streamId}/playback_ids/${w.playbackId}`),
  ],
  ['http', 'the stream is to be encrypted', (w) => encrypt(w)],
  ['webSocket', 'the stream is to be encrypted', (w) => encrypt(w)],
  ['http', 'the stream is deleted', (w) => gateway.ok('DELETE', `/v1/live_streams/${w.streamId}`)],
])('a viewer over %s, when %s', (protocol, _, takeDown) => {
  it('is let go within a second', async () => {
    const times: number[] = [];
    do {
      const { url, world } = await live();
      const player = await play(protocol, url);
      await until('it plays', () => player.tags.length === 5);
      const startedAtMs = performance.now();
      await takeDown(world);
      await until('it is closed', () => player.over);
      expect(player.over).toBe(protocol === 'http' ? 'end' : '1008 taken_down');
      times.push(performance.now() - startedAtMs);
    } while (times.at(-1)! > PROMISED_MS && times.length < ATTEMPTS);
    expect(times.at(-1)).toBeLessThanOrEqual(PROMISED_MS);
  });
});

describe('GET /live/{playback_id}.flv', () => {
  it('takes a place of the quota of viewers until its connection is closed', async () => {
    const { url, world } = await live();
    await gateway.ok('PUT', `/v1/tenants/${world.tenantId}/quotas`, { body: { viewers: 1 } });
    const player = await play('http', url);
    await until('it plays', () => player.tags.length === 5);
    const refused = await fetch(url);
    expect([refused.status, await refused.json()]).toMatchObject([403, { code: 'playback_quota_exceeded' }]);
    player.close();
    const next = await until('its place is free', async () => {
      const answer = await fetch(url);
      return answer.ok ? answer : void (await answer.body?.cancel());
    });
    await next.body?.cancel();
  });

  it('answers HEAD, preflights and other names as browsers and operators expect', async () => {
    const { url, world } = await live();
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-type'), head.headers.get('access-control-allow-origin')]).toEqual([
      200,
      'video/x-flv',
      '*',
    ]);
    const preflight = await fetch(url, { method: 'OPTIONS' });
    expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([
      204,
      'GET, HEAD, OPTIONS',
    ]);
    const other = await gateway.call('GET', `/live/${world.playbackId}.mp4`, { key: '' });
    expect([other.status, other.headers.get('access-control-allow-origin')]).toEqual([404, '*']);
    const posted = await gateway.call('POST', `/live/${world.playbackId}.flv`, { key: '' });
    expect(posted.status).toBe(405);
  });

  it('upgrades nothing but itself: other routes answer as if they had not been asked', async () => {
    const answered = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { connection: 'Upgrade', upgrade: 'websocket', authorization: `Bearer ${gateway.operatorKey}` };
      request(`${gateway.url}/v1/tenants`, { headers, agent: false }, ({ statusCode }) => resolve(statusCode))
        .on('error', reject)
        .end();
    });
    expect(answered).toBe(200);
  });

  it('is told that the stream is offline when no keyframe comes in time', async () => {
    const world = await makeWorld(gateway);
    await publish(gateway, world.streamKey);
    await expect(play('http', `${gateway.url}/live/${world.playbackId}.flv`)).rejects.toThrow(
      /"code":"stream_offline"/,
    );
  });

  it('closes a viewer that talks', async () => {
    const { url } = await live();
    const player = await play('webSocket', url);
    await until('it plays', () => player.tags.length === 5);
    for (let n = 0; n < 101; n++) player.say('hello');
    await until('it is closed', () => player.over);
    expect(player.over).toMatch(/^1006/);
  });

  it('lets its viewers go when the gateway stops, and takes no more', async () => {
    const stopping = await TestGateway.start({ databaseUrl: postgres.url(), frameBus, liveStore: gateway.liveStore });
    const { url } = await live();
    const here = url.replace(gateway.url, stopping.url);
    const viewers = [await play('http', here), await play('webSocket', here)];
    for (const viewer of viewers) await until('it plays', () => viewer.tags.length === 5);
    await Promise.all([stopping.close(), ...viewers.map((viewer) => until('it is let go', () => viewer.over))]);
    expect(viewers.map(({ over }) => over)).toEqual(['end', '1012 draining']);
  });
});
