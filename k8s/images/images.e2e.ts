// Every image is built and looked at, then run as a cluster and as one process, closed as tightly as in production.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster, freeClusterPorts } from '@millrace/tools/cluster';
import type { Quickstart } from '@millrace/standalone/quickstart';
import { answersOk, freePorts } from '@millrace/tools/processes';
import type { ControlledProcess, ManagedProcess } from '@millrace/tools/processes';
import { processOne, writableFolders } from './container-facts.ts';
import { docker } from './docker.ts';
import { baseImage, buildImage, IMAGE_LIMITS_MB, imageOf, SERVICES } from './images.ts';
import { container, removeContainers, serviceContainer } from './service-container.ts';
import { encoder, playFrames } from './publish-and-play.ts';

/** What `stop_grace_period` gives a service in compose.yaml; MILLRACE_STOP_GRACE_MS, 10 s, is below it. */
const GRACE_SECONDS = 15;
const MEGABYTE = 1e6;
const PREFIX = `millrace-test-${process.pid}`;

interface ImageDetails {
  readonly Size: number;
  readonly Config: {
    readonly User: string;
    readonly Entrypoint: readonly string[] | null;
    readonly Cmd: readonly string[];
    readonly Labels: Readonly<Record<string, string>>;
    readonly Volumes: unknown;
  };
}

async function inspect(image: string): Promise<ImageDetails> {
  const [details] = JSON.parse(await docker(['image', 'inspect', image])) as [ImageDetails];
  return details;
}

/** Stops a container as an orchestrator does. @returns how it ended, and whether it had to be killed for it */
async function stopContainer(name: string, running: ManagedProcess): Promise<{ code: number | undefined; ms: number }> {
  const startedAt = performance.now();
  await docker(['stop', '--time', String(GRACE_SECONDS), name]);
  await running.ended();
  return { code: running.exitCode, ms: performance.now() - startedAt };
}

async function expectClosed(name: string): Promise<void> {
  const one = await processOne(name);
  expect(one.command).toMatch(/^node .*main\.js$/);
  expect(one.users).toEqual([1000, 1000, 1000, 1000]);
  expect(one.capabilities.map((set) => Number.parseInt(set, 16))).toEqual([0, 0, 0, 0, 0]);
  expect(one.noNewPrivileges).toBe(true);
}

describe.each(SERVICES)('the image of %s', (service) => {
  let details: ImageDetails;
  let given: Readonly<Record<string, string>>;
  beforeAll(async () => {
    given = await buildImage(service);
    details = await inspect(imageOf(service));
  });

  it('is small', async () => {
    const own = (details.Size - (await inspect(baseImage())).Size) / MEGABYTE;
    console.log(`millrace/${service}: ${own.toFixed(1)} MB over its base`);
    expect(own).toBeLessThan(IMAGE_LIMITS_MB[service]);
  });

  it('says what it is and what it was made from', () => {
    expect(details.Config.Labels).toMatchObject({
      'org.opencontainers.image.title': `millrace ${service}`,
      'org.opencontainers.image.version': given['VERSION'],
      'org.opencontainers.image.revision': given['REVISION'],
      'org.opencontainers.image.created': given['CREATED'],
      'org.opencontainers.image.base.name': baseImage(),
    });
  });

  it('runs Node.js itself as a user without rights', () => {
    expect(details.Config.User).toBe('1000:1000');
    expect(details.Config.Entrypoint).toBeNull();
    expect(details.Config.Cmd[0]).toBe('node');
    expect(details.Config.Volumes ?? null).toBeNull();
  });

  it('holds nothing that it does not need, and nothing that its user could change', async () => {
    const ours =
      "find /app -path '*/node_modules' -prune -o \\( -name src -o -name '*.spec.*' -o -name '.*' \\) -print";
    const packages =
      "find /app -name typescript -o -name vitest -o -name '*.map' -path '*/node_modules/*' -o -name '*.pem'";
    const find = `${ours}; ${packages}; find /app -writable ! -type l`;
    const found = await docker(['run', '--rm', '--network', 'none', imageOf(service), 'sh', '-c', find]);
    expect(found).toBe('');
  });
});

describe('a cluster of the images, over NATS, Redis and PostgreSQL of this machine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-images-'));
  let cluster: Cluster;
  let quickstart: Quickstart;
  let ffmpeg: ManagedProcess | undefined;
  beforeAll(async () => {
    const ports = await freeClusterPorts({
      edges: 1,
      rtspEdges: 1,
      srtEdges: 1,
      packagers: 1,
      gateways: 1,
      signalings: 1,
      turns: 1,
    });
    cluster = new Cluster({ folder, ports, runService: serviceContainer(PREFIX) });
    await cluster.start();
    quickstart = await cluster.quickstart();
  });
  afterAll(async () => {
    await ffmpeg?.stop();
    await cluster?.stop();
    await removeContainers(PREFIX);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  const services = ['edge-1', 'rtsp-1', 'srt-1', 'packager-1', 'gateway-1', 'signaling-1', 'turn-1'] as const;

  it.each(services)('%s is process 1, without a capability, and can write to memory alone', async (name) => {
    await expectClosed(`${PREFIX}-${name}`);
    const folders = ['/tmp', '/data', '/app', '/app/node_modules', '/home/node', '/etc', '/'];
    expect(await writableFolders(`${PREFIX}-${name}`, folders)).toEqual(['/tmp']);
  });

  it('plays what ffmpeg publishes', async () => {
    ffmpeg = encoder(`rtmp://127.0.0.1:${cluster.ports.edges[0]?.rtmp}/live/${quickstart.stream_key}`);
    await ffmpeg.start();
    const playlist = new URL(quickstart.playback_url).pathname;
    expect(await playFrames(`http://127.0.0.1:${cluster.ports.gateways[0]?.http}${playlist}`, 150)).toBe(150);
  });

  it.each(services)('%s stops within its grace, while the stream is live', async (name) => {
    const { code, ms } = await stopContainer(`${PREFIX}-${name}`, managed(cluster.process(name)));
    console.log(`${name} stopped in ${Math.round(ms)} ms`);
    expect(code).toBe(0);
    expect(ms).toBeLessThan(GRACE_SECONDS * 1000);
  });
});

/** Services in containers are `docker run` processes. */
const managed = (controlled: ControlledProcess): ManagedProcess => controlled as ManagedProcess;

describe('the image of standalone with a volume for its data', () => {
  const name = `${PREFIX}-standalone`;
  let standalone: ManagedProcess | undefined;
  let ffmpeg: ManagedProcess | undefined;
  afterAll(async () => {
    await ffmpeg?.stop();
    await standalone?.stop();
    await removeContainers(PREFIX);
    await docker(['volume', 'rm', '--force', name]);
  });

  /** Nothing until it has made its demo stream. */
  function readQuickstart(): Promise<string> {
    const print = "const f = '/data/quickstart.json'; console.log(fs.existsSync(f) ? fs.readFileSync(f, 'utf8') : '')";
    return docker(['exec', name, 'node', '--eval', print]);
  }

  it('plays what ffmpeg publishes, and stops within its grace', async () => {
    const [http = 0, rtmp = 0, rtmps = 0, rtsp = 0, srt = 0, metrics = 0, signaling = 0, turn = 0, turnTls = 0] =
      await freePorts(9);
    standalone = container({
      container: name,
      service: 'standalone',
      args: ['--volume', `${name}:/data`],
      env: () => ({
        MILLRACE_HTTP_PORT: String(http),
        MILLRACE_RTMP_PORT: String(rtmp),
        MILLRACE_RTMPS_PORT: String(rtmps),
        MILLRACE_RTSP_PORT: String(rtsp),
        MILLRACE_SRT_PORT: String(srt),
        MILLRACE_METRICS_PORT: String(metrics),
        MILLRACE_SIGNALING_PORT: String(signaling),
        MILLRACE_TURN_PORT: String(turn),
        MILLRACE_TURN_TLS_PORT: String(turnTls),
      }),
      isReady: async () => (await answersOk(`http://127.0.0.1:${metrics}/readyz`)) && (await readQuickstart()) !== '',
    });
    await standalone.start();
    await expectClosed(name);
    const quickstart = JSON.parse(await readQuickstart()) as Quickstart;
    ffmpeg = encoder(`rtmp://127.0.0.1:${rtmp}/live/${quickstart.stream_key}`);
    await ffmpeg.start();
    expect(await playFrames(quickstart.playback_url.replace('localhost', '127.0.0.1'), 150)).toBe(150);
    const { code, ms } = await stopContainer(name, standalone);
    console.log(`standalone stopped in ${Math.round(ms)} ms`);
    expect(code).toBe(0);
    expect(ms).toBeLessThan(GRACE_SECONDS * 1000);
  });
});
