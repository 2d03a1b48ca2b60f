// A container that is one file and a line in a table (docs/extend.md): its segments go through packager, live store and gateway.
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InProcessControl } from '@millrace/control';
import { Codec, DEFAULT_STREAM_SETTINGS, FrameFlag, FrameKind, newId, newSecretKey } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { createMemoryFrameBus } from '@millrace/frame-bus';
import { createGatewayApp, GatewayModule, gatewaySettings } from '@millrace/gateway';
import { createMemoryLiveStore, createMemoryPresence } from '@millrace/live-store';
import { Containers, PackagerModule, packagerSettings } from '@millrace/packager';
import { framesContainer, readNumberedFrames } from '@millrace/packager/testing';
import { createLogger, Metrics, Readiness, UndoStack } from '@millrace/service-kit';
import { NestFactory } from '@nestjs/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { embeddedBinaries, PostgresServer } from './postgres/index.ts';
import { firstOf, RestClient, textOf } from './quickstart/rest-client.ts';

const STEP_90K = 9_000;
const FRAMES = 75;

const undo = new UndoStack();
const liveStore = createMemoryLiveStore();
const frameBus = createMemoryFrameBus();
const control = new InProcessControl();
const logger = createLogger({ service: 'test', level: 'silent' });
let url: string;
let streamId: string;
let tenantId: string;
let playbackId: string;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-container-'));
  undo.add(() => rm(folder, { recursive: true, force: true }));
  const database = new PostgresServer({ binaries: embeddedBinaries(), folder, port: 0, database: 'millrace' });
  undo.add(() => database.stop());
  const operatorKey = newSecretKey('mr_op');
  const settings = gatewaySettings.parse({
    MILLRACE_DATABASE_URL: await database.start(),
    MILLRACE_DATA_DIR: folder,
    MILLRACE_OPERATOR_KEY: operatorKey,
  });
  const metrics = new Metrics({ service: 'gateway', version: '0', processMetrics: false });
  const presence = createMemoryPresence();
  const options = { settings, liveStore, presence, frameBus, control: control.client(), metrics, logger };
  const module = GatewayModule.register({ ...options, readiness: new Readiness() });
  const app = await createGatewayApp({ module, settings, metrics, logger });
  undo.add(() => app.close());
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
  const operator = new RestClient(url, operatorKey);
  tenantId = textOf(await operator.post('/v1/tenants', { name: 'frames' }), 'id');
  const key = textOf(await operator.post('/v1/api_keys', { tenant_id: tenantId, name: 'frames' }), 'key');
  const stream = await new RestClient(url, key).post('/v1/live_streams', { name: 'frames' });
  streamId = textOf(stream, 'id');
  playbackId = textOf(firstOf(stream, 'playback_ids'), 'id');
});
afterAll(async () => {
  await undo.run();
  await frameBus.close();
  await liveStore.close();
});

async function startPackager(name: string) {
  const settings = packagerSettings.parse({ MILLRACE_INSTANCE_ID: name, MILLRACE_WORK_SPREAD_MS: '0' });
  const metrics = new Metrics({ service: 'packager', version: '0', processMetrics: false });
  const options = { settings, liveStore, frameBus, control: control.client(), metrics, logger };
  const containers = new Containers(framesContainer);
  const module = PackagerModule.register({ ...options, readiness: new Readiness(), containers });
  return NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
}

/** A second of MP3 frames, ten a second, with a text in each. */
const frameOf = (epoch: number, sequence: number): Frame => ({
  kind: FrameKind.audio,
  codec: Codec.mp3,
  flags: sequence % 10 === 1 ? FrameFlag.keyframe : 0,
  epoch,
  sequence,
  dts90k: (sequence - 1) * STEP_90K,
  compositionOffset90k: 0,
  payload: Buffer.from(`frame ${sequence}`),
});

const get = async (file: string) => {
  const answer = await fetch(`${url}/hls/${playbackId}/${file}`);
  const type = answer.headers.get('content-type');
  return { status: answer.status, type, bytes: Buffer.from(await answer.arrayBuffer()) };
};

it('is served as it says, with its initialisation map, and goes on when another packager takes over', async () => {
  const outcome = await liveStore.claimPublish({
    tenantId,
    streamId,
    streamKeyId: newId('skey'),
    edgeId: 'edge-1',
    newSessionId: newId('ses'),
    settings: DEFAULT_STREAM_SETTINGS,
    maxLiveStreams: 10,
  });
  if (outcome.outcome !== 'claimed') throw new Error(outcome.outcome);
  const { claim } = outcome;
  const renewing = setInterval(() => void liveStore.renewClaims([claim]), 1_000);
  undo.add(() => clearInterval(renewing));
  const publisher = frameBus.openPublisher(streamId, claim.epoch);
  let sequence = 0;
  const publish = (count: number): void => {
    for (let i = 0; i < count; i++) publisher.publish(frameOf(claim.epoch, ++sequence));
  };
  const playlist = async (): Promise<string> => (await get('index.m3u8')).bytes.toString();

  const first = await startPackager('packager-1');
  publish(FRAMES);
  await expect.poll(playlist).toContain('\n2.frames\n');
  await first.close();
  const second = await startPackager('packager-2');
  undo.add(() => second.close());
  publish(FRAMES);
  await expect.poll(playlist).toContain('\n6.frames\n');

  const names = 'mp4a.40.34\n';
  const map = `map-${createHash('sha256').update(names).digest('hex').slice(0, 16)}.names`;
  const text = await playlist();
  expect(text).toContain('#EXT-X-VERSION:6\n');
  expect(text.match(/^#EXT-X-MAP:.*$/gm)).toEqual([`#EXT-X-MAP:URI="${map}"`]);
  expect(text).not.toContain('#EXT-X-DISCONTINUITY\n');
  expect(await get(map)).toEqual({ status: 200, type: 'text/x-names', bytes: Buffer.from(names) });

  const frames = [];
  for (let index = 0; index <= 6; index++) {
    const segment = await get(`${index}.frames`);
    expect([segment.status, segment.type]).toEqual([200, 'application/x-frames']);
    frames.push(...readNumberedFrames(segment.bytes));
  }
  expect(frames.length).toBeGreaterThanOrEqual(140);
  expect(frames.map(({ number, payload }) => [number, payload.toString()])).toEqual(
    frames.map((_, index) => [index + 1, `frame ${index + 1}`]),
  );
});
