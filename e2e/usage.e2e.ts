// Usage in a cluster whose processes are killed: compared with what the sockets of an encoder, a viewer and a call have carried. Before that,
// how little a tenant at ten times its quotas slows down another one.
import { setTimeout as delay } from 'node:timers/promises';
import { TurnClient, udpLink } from '@millrace/turn/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ByteLog } from './support/byte-log.ts';
import { CountingProxy } from './support/counting-proxy.ts';
import { eventually } from './support/eventually.ts';
import { publishWithFfmpeg } from './support/publish-with-ffmpeg.ts';
import type { FfmpegPublisher } from './support/publish-with-ffmpeg.ts';
import { RelayedEcho } from './support/relayed-echo.ts';
import { RoomSocket } from './support/room-socket.ts';
import { LoudTenant } from './support/loud-tenant.ts';
import { SOURCE_FILE, sourceTags } from './support/source.ts';
import { startCluster } from './support/start-cluster.ts';
import type { RunningCluster } from './support/start-cluster.ts';
import { TenantApi } from './support/tenant-api.ts';
import type { TestStream } from './support/tenant-api.ts';

/** Rounds in which processes are killed. */
const ROUNDS = Number(process.env['MILLRACE_E2E_USAGE_KILLS'] ?? 1);
/** What a killed process may lose. */
const MAX_LOST_MS = 10_000;
/** Between two deaths, so that something is there that must not be lost. */
const CALM_MS = 11_000;
/** Processes die within this time of each other. */
const SPREAD_MS = 2_000;
/** Counters and sockets may differ by one part in a thousand. */
const TOLERANCE = 1 / 1_000;
/** Clients and servers do not see the beginning and the end of something at the same time. */
const EDGE_SECONDS = 1;

/** A segment may take so much longer while another tenant is loud. */
const MAX_RATIO = 1.2;
/** Segments that are compared, with the loud tenant and without it; 0: no comparison, which needs a machine that does nothing else. */
const COMPARED = Number(process.env['MILLRACE_E2E_FAIRNESS_SEGMENTS'] ?? 0);
/** How often the viewer looks for segments. */
const LOOK_MS = COMPARED > 0 ? 50 : 500;
/** A machine that is busy with other things may slow down a few segments: so many comparisons may fail before the test does. */
const COMPARISONS = 3;
/** The long forms, see `npm run test:full`. */
const LONG = { timeout: 180_000 + (ROUNDS - 1) * 90_000 + COMPARED * COMPARISONS * 5_000 };

const GATEWAY = 'gateway-1';
const SERVICES = ['edge-1', 'packager-1', 'signaling-1', 'turn-1'];

let cluster: RunningCluster;
let api: TenantApi;
let stream: TestStream;
let rtmp: CountingProxy;
let http: CountingProxy;
let viewer: Viewer;
let call: Call;
let encoder: FfmpegPublisher;
/** Only where delays are compared. */
let loud: LoudTenant | undefined;
let beganMs: number;
beforeAll(async () => {
  cluster = await startCluster({ edges: 1, packagers: 1, signalings: 1, turns: 1 });
  api = new TenantApi(cluster.gatewayUrl(1), cluster.quickstart.api_key);
  stream = await api.createStream('usage');
  const { id: roomId } = await api.createRoom('usage');
  const { token } = await api.ok('POST', `/v1/rooms/${roomId}/tokens`, {});
  rtmp = await CountingProxy.open(cluster.ports.edges[0]!.rtmp);
  http = await CountingProxy.open(cluster.ports.gateways[0]!.http);
  viewer = new Viewer(`http://127.0.0.1:${http.port}`, stream.playbackId);
  call = new Call(String(token));
  [encoder] = await Promise.all([publish(rtmp, stream), call.begin()]);
  if (COMPARED > 0) loud = await LoudTenant.create({ cluster, tags: sourceTags() });
  beganMs = performance.now();
});
afterAll(async () => {
  await viewer?.stop();
  call?.leave();
  rtmp?.close();
  http?.close();
  await cluster?.stop();
});

interface Usage {
  readonly ingest_bytes: number;
  readonly packaged_seconds: number;
  readonly egress_bytes: number;
  readonly relay_bytes: number;
  readonly participant_minutes: number;
}

/** A player that asks for the playlist and every new segment, over connections that stay. */
class Viewer {
  /** How long after its first picture each segment was there, to the end. */
  readonly delaysMs: number[] = [];
  /** The duration of each segment that it has seen listed, by its number. */
  readonly #seconds = new Map<number, number>();
  /** Whether the playlist has come to its end. */
  ended = false;
  #targetSeconds = 0;
  #stopped = false;
  readonly #done: Promise<void>;

  constructor(origin: string, playbackId: string) {
    this.#done = this.#watch(`${origin}/hls/${playbackId}`);
  }

  /** Of all segments that it has seen. */
  get seenSeconds(): number {
    return [...this.#seconds.values()].reduce((sum, seconds) => sum + seconds, 0);
  }

  /** At most, of those that have come and gone while no gateway answered. */
  get missedSeconds(): number {
    const numbers = [...this.#seconds.keys()];
    const missed = Math.max(...numbers) - Math.min(...numbers) + 1 - numbers.length;
    return missed * this.#targetSeconds;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #watch(base: string): Promise<void> {
    while (!this.#stopped) {
      const playlist = (await get(`${base}/index.m3u8`)) ?? '';
      let number = Number(/^#EXT-X-MEDIA-SEQUENCE:(\d+)$/m.exec(playlist)?.[1]);
      this.#targetSeconds = Number(/^#EXT-X-TARGETDURATION:(\d+)$/m.exec(playlist)?.[1] ?? this.#targetSeconds);
      for (const [, seconds, name] of playlist.matchAll(/^#EXTINF:([\d.]+),[^\n]*\n(?:#[^\n]*\n)*([^#\n]+\.ts)$/gm)) {
        const isNew = !this.#seconds.has(number);
        this.#seconds.set(number++, Number(seconds));
        if (!isNew || this.#stopped) continue;
        await get(`${base}/${name}`);
        const [, time] = playlist.match(new RegExp(`#EXT-X-PROGRAM-DATE-TIME:(.*)\\n(?:#.*\\n)*${name}`)) ?? [];
        if (time !== undefined) this.delaysMs.push(Date.now() - Date.parse(time));
      }
      this.ended = playlist.includes('#EXT-X-ENDLIST');
      await delay(LOOK_MS);
    }
  }
}

/** A participant whose media goes through a relay, and who comes back when a server is gone. */
class Call {
  readonly relayed = new ByteLog();
  /** How long it was in the room. */
  seconds = 0;
  readonly #token: string;
  #joinedAtMs: number | undefined;
  #socket: RoomSocket | undefined;
  #echo: RelayedEcho | undefined;

  constructor(token: string) {
    this.#token = token;
  }

  async begin(): Promise<void> {
    const { signalings, turns } = cluster.ports;
    await eventually('the participant joins, and its relay works', async () => {
      this.leave();
      this.#socket = await RoomSocket.open(`ws://127.0.0.1:${signalings[0]?.websocket}/v1/rooms`);
      const askedAtMs = performance.now();
      this.#socket.send({ type: 'join', version: 1, token: this.#token });
      const answer = await this.#socket.next('joined', 'error');
      if (answer['type'] === 'error') return false;
      this.#joinedAtMs = askedAtMs;
      const [, turn] = answer['ice_servers'] as [unknown, { username: string; credential: string }];
      const user = { username: turn.username, password: turn.credential };
      const client = new TurnClient(await udpLink('127.0.0.1', turns[0]!.turn), user);
      this.#echo = await RelayedEcho.begin(client, this.relayed);
      return true;
    });
  }

  /** Its signaling server is gone, or it leaves. */
  leave(): void {
    if (this.#joinedAtMs !== undefined) this.seconds += (performance.now() - this.#joinedAtMs) / 1_000;
    this.#joinedAtMs = undefined;
    this.#socket?.close();
    this.#socket = undefined;
    this.hangUp();
  }

  /** Its relay is gone, or nothing more is sent. */
  hangUp(): void {
    this.#echo?.close();
    this.#echo = undefined;
  }

  /** Sends no more, and waits for what is on its way. */
  async fallSilent(): Promise<void> {
    const echo = this.#echo!;
    echo.stop();
    await eventually('everything came back', () => echo.returned.length === echo.sent);
  }
}

/** @returns undefined when there is no answer, or not the one that was asked for */
async function get(url: string): Promise<string | undefined> {
  const answer = await fetch(url).catch(() => undefined);
  const text = await answer?.text().catch(() => undefined);
  return answer?.ok === true ? text : undefined;
}

if (COMPARED > 0)
  it('a tenant at ten times its quotas is refused, and delays no segment of another one by a fifth', LONG, () =>
    compareDelays(loud!),
  );

it('counts what sockets carry once, less at most ten seconds of each process that is killed', LONG, async () => {
  const lost = { sent: 0, received: 0, relayed: 0, seconds: 0 };
  const kill = async (name: string): Promise<void> => {
    await delay(Math.random() * SPREAD_MS);
    await cluster.process(name).kill('SIGKILL');
    const atMs = Date.now();
    if (name === 'edge-1') lost.sent += rtmp.sent.before(atMs, MAX_LOST_MS);
    if (name === GATEWAY) lost.received += http.received.before(atMs, MAX_LOST_MS);
    if (name === 'turn-1') lost.relayed += call.relayed.before(atMs, MAX_LOST_MS);
    if (name === 'turn-1') call.hangUp();
    if (name === 'signaling-1') call.leave();
  };
  loud?.begin();
  for (let round = 0; round < ROUNDS; round++) {
    const passedMs = round === 0 ? performance.now() - beganMs : 0;
    await delay(Math.max(0, CALM_MS - passedMs) + Math.random() * 2_000);
    await Promise.all([GATEWAY, ...SERVICES].map(kill));
    lost.seconds += MAX_LOST_MS / 1_000;
    await encoder.ended();
    await Promise.all([GATEWAY, ...SERVICES].map((name) => cluster.process(name).start()));
    [encoder] = await Promise.all([publish(rtmp, stream), call.begin()]);
  }
  await loud?.end();
  await delay(1_000);
  await encoder.stop();
  await call.fallSilent();
  await eventually('the viewer has seen the last segment', () => viewer.ended);
  await viewer.stop();
  call.leave();
  // What stops in good order reports everything that it has counted.
  await Promise.all(SERVICES.map((name) => cluster.process(name).stop()));
  await cluster.process(GATEWAY).stop();
  await cluster.process(GATEWAY).start();
  const { data } = await api.ok('GET', '/v1/usage');
  const [counted] = data as Usage[];
  const sockets = { sent: rtmp.sent.total, received: http.received.total, relayed: call.relayed.total };
  const packaged = viewer.seenSeconds;
  console.log('counted', counted, 'at the sockets', sockets, packaged, call.seconds, 'may be lost', lost);
  expect(counted!.ingest_bytes).toBeLessThanOrEqual(sockets.sent);
  expect(counted!.ingest_bytes).toBeGreaterThanOrEqual(sockets.sent * (1 - TOLERANCE) - lost.sent);
  expect(counted!.egress_bytes).toBeLessThanOrEqual(sockets.received * (1 + TOLERANCE) + lost.received);
  expect(counted!.egress_bytes).toBeGreaterThanOrEqual(sockets.received * (1 - TOLERANCE) - lost.received);
  expect(counted!.relay_bytes).toBeLessThanOrEqual(sockets.relayed * (1 + TOLERANCE));
  expect(counted!.relay_bytes).toBeGreaterThanOrEqual(sockets.relayed * (1 - TOLERANCE) - lost.relayed);
  expect(counted!.packaged_seconds).toBeLessThanOrEqual(packaged + viewer.missedSeconds + EDGE_SECONDS);
  expect(counted!.packaged_seconds).toBeGreaterThanOrEqual(packaged - lost.seconds - EDGE_SECONDS);
  expect(counted!.participant_minutes * 60).toBeLessThanOrEqual(call.seconds + EDGE_SECONDS);
  expect(counted!.participant_minutes * 60).toBeGreaterThanOrEqual(call.seconds - lost.seconds - EDGE_SECONDS);
  // Something had to be there that no kill may lose.
  expect(sockets.sent).toBeGreaterThan(lost.sent * 1.1);
  expect(sockets.relayed).toBeGreaterThan(lost.relayed * 1.1);
  expect(Math.min(packaged, call.seconds)).toBeGreaterThan(lost.seconds);
});

/** Publishes in real time. Tries again when it is refused, as encoders do: the claim of a killed edge holds for a few seconds more. */
async function publish(proxy: CountingProxy, { key }: TestStream): Promise<FfmpegPublisher> {
  let ffmpeg: FfmpegPublisher | undefined;
  const isPublishing = async (): Promise<boolean> => {
    if (ffmpeg?.running !== true)
      ffmpeg = await publishWithFfmpeg(`rtmp://127.0.0.1:${proxy.port}/live/${key}`, SOURCE_FILE);
    const before = proxy.sent.total;
    await delay(500);
    return ffmpeg.running && proxy.sent.total > before + 20_000;
  };
  await eventually('the encoder publishes', isPublishing, 60_000);
  return ffmpeg!;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

async function compareDelays(other: LoudTenant): Promise<void> {
  const next = async (): Promise<number> => {
    const from = viewer.delaysMs.length;
    await eventually('segments', () => viewer.delaysMs.length >= from + COMPARED, 40_000 + COMPARED * 5_000, 50);
    return median(viewer.delaysMs.slice(from));
  };
  const ratios: number[] = [];
  do {
    const quiet = await next();
    other.begin();
    await eventually('each quota refuses', () => other.isRefusedByAll, 60_000);
    const beside = await next();
    await other.end();
    console.log('segments take', quiet, 'ms, beside a loud tenant', beside, 'ms', other.refusals);
    ratios.push(beside / quiet);
  } while (ratios.at(-1)! > MAX_RATIO && ratios.length < COMPARISONS);
  expect(Math.min(...ratios)).toBeLessThanOrEqual(MAX_RATIO);
  await eventually('it is told', async () => {
    const told = await other.tidings();
    return ['ice.quota_exceeded', 'quota.exceeded'].every((type) => told.has(`${type} relay_allocations`));
  });
}
