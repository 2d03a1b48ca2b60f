// A real Prometheus looks at a real cluster under load: every panel of every dashboard and every rule finds what it asks for,
// and no metric is exported without a use.
import {
  isProcessMetric,
  ONE_STREAM_TABLES,
  panelExpressions,
  RULE_FILES,
  ruleExpressions,
  ruleFile,
  seriesNames,
} from '@millrace/k8s/observability';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClusterStream } from './support/cluster-stream.ts';
import { uclient } from './support/coturn.ts';
import { eventually } from './support/eventually.ts';
import { Prometheus } from './support/prometheus.ts';
import { publishWithFfmpeg } from './support/publish-with-ffmpeg.ts';
import { RoomSocket } from './support/room-socket.ts';
import { SOURCE_FILE } from './support/source.ts';
import { startCluster } from './support/start-cluster.ts';
import type { RunningCluster } from './support/start-cluster.ts';
import { TenantApi } from './support/tenant-api.ts';

let cluster: RunningCluster;
let prometheus: Prometheus;
let stream: ClusterStream;
const sockets: RoomSocket[] = [];

beforeAll(async () => {
  cluster = await startCluster({
    edges: 1,
    srtEdges: 1,
    packagers: 1,
    signalings: 1,
    turns: 1,
    env: { MILLRACE_TURN_USAGE_MS: '1000' },
  });
  const { edges, srtEdges, packagers, gateways, signalings, turns } = cluster.ports;
  const targets = Object.entries({
    edge: edges,
    srt: srtEdges,
    packager: packagers,
    gateway: gateways,
    signaling: signalings,
    turn: turns,
  }).flatMap(([name, ports]) => ports.map(({ metrics }, i) => ({ pod: `${name}-${i + 1}`, port: metrics })));
  prometheus = await Prometheus.start(targets, Object.keys(RULE_FILES).map(ruleFile));
  stream = await ClusterStream.open(cluster, 'watched');
  await stream.publish();
  await stream.moreSegments(4);
  // One that begins while Prometheus looks: a rate needs to see a counter rise.
  const second = await ClusterStream.open(cluster, 'second');
  await second.publish();
  await refusedThings();
  await roomAndRelay();
});
afterAll(async () => {
  for (const socket of sockets) socket.close();
  await prometheus?.stop();
  await cluster?.stop();
});

async function refusedThings(): Promise<void> {
  const wrong = await publishWithFfmpeg(`${cluster.rtmpUrl(1)}/no-key`, SOURCE_FILE);
  await eventually('an encoder without a key is gone', () => !wrong.running || undefined);
  await fetch(`${cluster.gatewayUrl(1)}/hls/pbk_00000000000000000000000000/media.m3u8`);
}

async function roomAndRelay(): Promise<void> {
  const api = new TenantApi(cluster.gatewayUrl(1), cluster.quickstart.api_key);
  const { id } = await api.ok('POST', '/v1/rooms', { name: 'test' });
  const { token } = await api.ok('POST', `/v1/rooms/${String(id)}/tokens`, {});
  const socket = await RoomSocket.open(`ws://127.0.0.1:${cluster.ports.signalings[0]?.websocket}/v1/rooms`);
  sockets.push(socket);
  socket.send({ type: 'join', version: 1, token });
  const joined = await socket.next('joined');
  const servers = joined['ice_servers'] as { username?: string; credential?: string }[];
  const relay = servers.find(({ username }) => username !== undefined);
  const access = ['-u', relay?.username ?? '', '-w', relay?.credential ?? ''];
  await uclient([
    '-y',
    '-c',
    '-m',
    '2',
    '-n',
    '200',
    ...access,
    '-p',
    String(cluster.ports.turns[0]?.turn),
    '127.0.0.1',
  ]);
}

/** What Grafana would put in the place of its variables. */
const filled = (expr: string): string =>
  expr
    .replaceAll('$__rate_interval', '5m')
    .replaceAll('$__range', '5m')
    .replaceAll('$namespace', '.*')
    .replaceAll('$pod', '.*');

async function withoutData(questions: readonly { where: string; expr: string }[]): Promise<string[]> {
  const missing: string[] = [];
  for (const { where, expr } of questions)
    if ((await prometheus.query(filled(expr))).length === 0) missing.push(`${where}: ${expr}`);
  return missing;
}

describe('dashboards and alerts, with a real Prometheus', () => {
  it('have data in every panel', async () => {
    await expect.poll(() => withoutData(panelExpressions()), { timeout: 60_000, interval: 2_000 }).toEqual([]);
  });

  it('have rules whose every series exists', async () => {
    const names = new Set(await prometheus.names());
    const missing = ruleExpressions().flatMap(({ where, expr }) =>
      seriesNames(expr)
        .filter((name) => !names.has(name))
        .map((name) => `${where}: ${name}`),
    );
    expect(missing).toEqual([]);
  });

  it('look at everything that is exported', async () => {
    const seen = new Set([...panelExpressions(), ...ruleExpressions()].flatMap(({ expr }) => seriesNames(expr)));
    const recorded = new Set(
      Object.values(RULE_FILES).flatMap((groups) =>
        groups.flatMap(({ rules }) => rules.map((rule) => ('record' in rule ? rule.record : ''))),
      ),
    );
    const base = (name: string): string => name.replace(/_(bucket|count|sum)$/, '');
    const looked = new Set([...seen].map(base));
    const unseen = (await prometheus.names()).filter(
      (name) =>
        name.startsWith('millrace_') &&
        !recorded.has(name) &&
        !isProcessMetric(name) &&
        !seen.has(name) &&
        !looked.has(base(name)),
    );
    expect(unseen).toEqual([]);
  });
});

describe('the dashboard of one stream, at the API', () => {
  it('finds every column of every table', async () => {
    const api = new TenantApi(cluster.gatewayUrl(1), cluster.quickstart.api_key);
    const { data } = await api.ok('GET', `/v1/live_streams/${stream.stream.id}/sessions`);
    const session = String((data as { id: string }[])[0]?.id);
    for (const { title, path, rows, columns } of ONE_STREAM_TABLES) {
      const answer = await api.ok('GET', path.replace('$stream', stream.stream.id).replace('$session', session));
      const found = (rows === '' ? [answer] : answer[rows]) as Readonly<Record<string, unknown>>[];
      expect(found.length, title).toBeGreaterThan(0);
      for (const row of found)
        expect(Object.keys(row), title).toEqual(expect.arrayContaining(columns.map(({ field }) => field)));
    }
  });
});
