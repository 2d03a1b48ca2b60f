// One run: streams are published and watched, one fault is injected and taken back, and every picture is counted.
import { setTimeout as delay } from 'node:timers/promises';
import type { ChaosCluster } from './chaos-cluster.ts';
import { compare } from './compare.ts';
import type { Comparison } from './compare.ts';
import { NumberedEncoder } from './numbered-encoder.ts';
import type { ClipTag } from './numbered-clip.ts';
import type { PlannedRun } from './schedule.ts';
import { checkComparer } from './self-check.ts';
import { Viewer } from './viewer.ts';

/** How long an encoder may be away: no fault that is taken back ends a session. */
const RECONNECT_WINDOW_SECONDS = 60;
const SEGMENTS_AROUND = 2;
const START_MS = 60_000;
const RECOVERY_MS = 90_000;
const LAST_PICTURE_MS = 30_000;
const ASK_MS = 50;

export interface StreamResult extends Comparison {
  readonly published: number;
  /** Why its encoder was cut off, each time. */
  readonly interruptions: readonly string[];
  /** How long before its encoder noticed that it was cut off each lost picture had been sent; Infinity: it was not cut off. */
  readonly lostAgesMs: readonly number[];
}

export interface RunResult {
  readonly run: PlannedRun;
  readonly streams: readonly StreamResult[];
  /** What is more than docs/limits.md says of this fault: one sentence for each; none in a good run. */
  readonly broken: readonly string[];
}

interface Watched {
  readonly encoder: NumberedEncoder;
  readonly viewer: Viewer;
}

/** @throws SelfCheckFailed when the comparer does not find what is damaged on purpose in what was recorded */
export async function runFault(
  chaos: ChaosCluster,
  run: PlannedRun,
  { clip, streams }: { readonly clip: readonly ClipTag[]; readonly streams: number },
): Promise<RunResult> {
  const watched: Watched[] = [];
  const broken: string[] = [];
  try {
    for (let i = 0; i < streams; i++) watched.push(await openStream(chaos, run, i, clip));
    await until(
      'all streams have begun',
      watched,
      START_MS,
      ({ viewer }) => viewer.newestSegment >= SEGMENTS_AROUND - 1,
    );
    await delay(run.beforeMs);
    await run.fault.inject(chaos, run);
    const published = new Map(watched.map(({ viewer, encoder }) => [viewer, encoder.published]));
    await until(
      'all streams go on after it',
      watched,
      RECOVERY_MS,
      ({ viewer, encoder }) => encoder.isPublishing && viewer.newestPicture > (published.get(viewer) ?? 0),
    );
  } catch (error) {
    broken.push(error instanceof Error ? error.message : String(error));
  }
  await Promise.all(watched.map(({ encoder }) => encoder.stop()));
  await until(
    'the last picture is there',
    watched,
    LAST_PICTURE_MS,
    ({ viewer, encoder }) => viewer.newestPicture >= encoder.published - 1,
  ).catch((error: unknown) => broken.push(String(error)));
  await Promise.all(watched.map(({ viewer }) => viewer.stop()));
  broken.push(...chaos.dead.map((name) => `${name} ended by itself`));
  const results = watched.map(({ encoder, viewer }): StreamResult => {
    checkComparer(encoder.published, viewer);
    const { published, interruptions } = encoder;
    const comparison = compare(published, viewer);
    return {
      ...comparison,
      published,
      interruptions,
      lostAgesMs: comparison.lost.map((number) => ageOf(number, encoder)),
    };
  });
  results.forEach((result, i) =>
    broken.push(...brokenPromises(run, result).map((words) => `stream ${i + 1}: ${words}`)),
  );
  return { run, streams: results, broken };
}

function ageOf(number: number, { sentAtMs, cutAtMs }: NumberedEncoder): number {
  const sentMs = sentAtMs[number] ?? 0;
  return (cutAtMs.find((ms) => ms >= sentMs) ?? Infinity) - sentMs;
}

async function openStream(
  { cluster, quickstart }: ChaosCluster,
  { seed, fault }: PlannedRun,
  index: number,
  clip: readonly ClipTag[],
): Promise<Watched> {
  const urls = cluster.ports.gateways.map(({ http }) => `http://127.0.0.1:${http}`);
  const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${urls[0]}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${quickstart.api_key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(15_000),
    });
    if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Record<string, unknown>;
  };
  const stream = await post('/v1/live_streams', {
    name: `chaos ${fault.name} ${seed}`,
    reconnect_window_seconds: RECONNECT_WINDOW_SECONDS,
  });
  const { key } = await post(`/v1/live_streams/${String(stream['id'])}/stream_keys`, {});
  const [playback] = stream['playback_ids'] as readonly { id: string }[];
  const edges = cluster.ports.edges.map(({ rtmp }) => rtmp);
  const ports = [...edges.slice(index % edges.length), ...edges.slice(0, index % edges.length)];
  const viewer = new Viewer(urls.map((url) => `${url}/hls/${playback?.id}/index.m3u8`)).start();
  return { viewer, encoder: new NumberedEncoder({ ports, streamKey: String(key), clip }).start() };
}

async function until(
  what: string,
  watched: readonly Watched[],
  timeoutMs: number,
  holds: (each: Watched) => boolean,
): Promise<void> {
  for (const end = performance.now() + timeoutMs; !watched.every(holds); await delay(ASK_MS)) {
    if (performance.now() <= end) continue;
    const reasons = watched.filter((each) => !holds(each)).flatMap(({ encoder }) => encoder.interruptions.slice(-1));
    throw new Error(`not within ${timeoutMs / 1000} s: ${what}${reasons.map((reason) => `; ${reason}`).join('')}`);
  }
}

function brokenPromises({ fault }: PlannedRun, stream: StreamResult): string[] {
  const { lost, lostAgesMs, repeated, cameBack, faults, discontinuities } = stream;
  const { mayLoseMs = -1, mayInterrupt = false } = fault;
  const tooMuch = lost.filter((_, i) => (lostAgesMs[i] ?? Infinity) > mayLoseMs);
  return [
    ...(tooMuch.length > 0 ? [`${tooMuch.length} pictures lost: ${some(tooMuch)}`] : []),
    ...(repeated.length > 0 ? [`${repeated.length} pictures repeated: ${some(repeated)}`] : []),
    ...(discontinuities > 0 && !mayInterrupt ? [`${discontinuities} discontinuities`] : []),
    ...cameBack.slice(0, 5),
    ...faults.slice(0, 5),
  ];
}

const some = (numbers: readonly number[]): string =>
  numbers.slice(0, 10).join(', ') + (numbers.length > 10 ? ', …' : '');
