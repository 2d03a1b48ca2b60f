// Real disks that are full, while ffmpeg publishes: of `npm start`, and of NATS in a cluster. No stream stops, services say what is
// wrong, and all heals when there is room.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SmallDisk } from '@millrace/frame-bus/testing';
import { Cluster, freeClusterPorts } from '@millrace/tools/cluster';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { HlsRecorder } from './support/hls-recorder.ts';
import { publishWithFfmpeg } from './support/publish-with-ffmpeg.ts';
import { SOURCE_FILE } from './support/source.ts';
import { startStandalone } from './support/start-standalone.ts';
import { TenantApi } from './support/tenant-api.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const MiB = 1024 ** 2;
/** More than may be committed without a mark. */
const SEGMENTS_WHILE_FULL = 9;

const undo: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

interface Ready {
  readonly status: number;
  readonly text: string;
}
const readiness = async (port: number): Promise<Ready> => {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
  return { status: answer.status, text: await answer.text() };
};

/** Publishes a stream of short segments, and waits for the first. */
async function publish(api: TenantApi, rtmpUrl: string): Promise<HlsRecorder> {
  const stream = await api.createStream('full disk', { segment_target_seconds: 1 });
  const recorder = new HlsRecorder(stream.playlistUrl).start();
  undo.push(() => recorder.stop());
  const ffmpeg = await publishWithFfmpeg(`${rtmpUrl}/${stream.key}`, SOURCE_FILE);
  undo.push(() => ffmpeg.stop());
  await recorder.until('two segments', () => recorder.segments.size >= 2, 60_000);
  return recorder;
}

/** Fills the disk until the service says so, and beyond what may be committed without a mark; then makes room again. */
async function fillAndHeal(disk: SmallDisk, recorder: HlsRecorder, metricsPort: number): Promise<void> {
  disk.fill();
  const filledAt = Date.now();
  const words = /commit marks/;
  await eventually(
    'it is not ready, and says why',
    async () => words.test((await readiness(metricsPort)).text),
    20_000,
  );
  expect(Date.now() - filledAt).toBeLessThan(15_000);
  expect((await readiness(metricsPort)).status).toBe(503);
  const newest = Math.max(...recorder.segments.keys());
  await recorder.until(
    'more segments than may be without a mark',
    () => Math.max(...recorder.segments.keys()) >= newest + SEGMENTS_WHILE_FULL,
    60_000,
  );
  disk.clear();
  await eventually('it is ready again', async () => (await readiness(metricsPort)).status === 200, 40_000);
  expect(recorder.faults).toEqual([]);
  expect(recorder.ordered.filter(({ discontinuity }) => discontinuity)).toEqual([]);
}

const canMount = ((): boolean => {
  const disk = SmallDisk.mount(MiB);
  disk?.unmount();
  return disk !== undefined;
})();

// Only root may mount a disk; marks-journal.spec.ts has the nearest thing for others.
describe.runIf(canMount)('a full disk', () => {
  it('of npm start: streams go on from memory', async () => {
    const disk = SmallDisk.mount(160 * MiB)!;
    undo.push(() => disk.unmount());
    const server = await startStandalone({ dataFolder: join(disk.folder, 'data') });
    undo.push(() => server.stop());
    const recorder = await publish(TenantApi.of(server.quickstart), `rtmp://127.0.0.1:${server.ports.rtmp}/live`);
    await fillAndHeal(disk, recorder, server.ports.metrics);
  });

  it('of NATS: packagers go on', async () => {
    const { path: folder, remove } = temporaryFolder('full-disk');
    undo.push(remove);
    const nats = join(folder, 'nats');
    mkdirSync(nats);
    const disk = SmallDisk.mount(8 * MiB, nats)!;
    undo.push(() => disk.unmount());
    const ports = await freeClusterPorts({ edges: 1, packagers: 1, gateways: 1, signalings: 0, turns: 0 });
    const cluster = new Cluster({ folder, ports });
    await cluster.start();
    undo.push(() => cluster.stop());
    const api = TenantApi.of(await cluster.quickstart());
    const recorder = await publish(api, `rtmp://127.0.0.1:${ports.edges[0]!.rtmp}/live`);
    await fillAndHeal(disk, recorder, ports.packagers[0]!.metrics);
  });
});
