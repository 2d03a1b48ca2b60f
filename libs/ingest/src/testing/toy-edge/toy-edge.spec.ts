// An ingest protocol is a listener, a connection, a translation into frames and a refusal: docs/extend.md.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CONTROL_PLANE, InProcessControl, UsageLedger, UsageReporter } from '@millrace/control';
import { Codec, FrameFlag, FrameKind, isConfiguration, newSecretKey, PUBLISH_REFUSALS } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { createNatsFrameBus } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { FrameRecorder, startNatsServer } from '@millrace/frame-bus/testing';
import type { NatsServer } from '@millrace/frame-bus/testing';
import { createMemoryLiveStore } from '@millrace/live-store';
import { createLogger, Metrics, Readiness } from '@millrace/service-kit';
import { withProviders } from '@millrace/service-kit/testing';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TestControlPlane } from '../test-control-plane.ts';
import { HEADER_BYTES } from './connection.ts';
import { ToyEdge, ToyEdgeModule } from './listener.ts';
import { MessageFlag, MessageKind } from './to-frames.ts';

const CLIP = join(import.meta.dirname, '../../../../../media/bbb-h264-aac.flv');
const SETTINGS = {
  instanceId: 'toy-1',
  metricsTenantLimit: 10,
  authorizeMs: 5_000,
  wrongKeysPerMinute: 2,
  loginsPerMinute: 10,
  backupAfterMs: 500,
  timedMetadataPerSecond: 5,
  timedMetadataPerSecondPerTenant: 100,
  earlyTotalBytes: 65_536,
  onlyUnsupportedMs: 2_000,
  trackWaitMs: 10_000,
  drainMs: 0,
  drainSpreadMs: 0,
};

function message(kind: number, payload: Uint8Array | string, { flags = 0, timeMs = 0, offsetMs = 0 } = {}): Buffer {
  const bytes = Buffer.from(payload);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(bytes.length);
  header[4] = kind;
  header[5] = flags;
  header.writeBigInt64BE(BigInt(timeMs), 6);
  header.writeInt16BE(offsetMs, 14);
  return Buffer.concat([header, bytes]);
}

/** The tags of an FLV file up to this time as messages, their clock beginning anywhere. */
function clip(untilMs: number, startMs: number): Buffer[] {
  const file = readFileSync(CLIP);
  const messages: Buffer[] = [];
  for (let at = 13; at + 11 <= file.length; at += 15 + file.readUIntBE(at + 1, 3)) {
    const tagMs = file.readUIntBE(at + 4, 3);
    const body = file.subarray(at + 11, at + 11 + file.readUIntBE(at + 1, 3));
    if (tagMs >= untilMs) break;
    const isMedia = body[1] === 1;
    const timeMs = startMs + tagMs;
    const plain = isMedia ? 0 : MessageFlag.configuration;
    if (file[at] === 8) messages.push(message(MessageKind.audio, body.subarray(2), { flags: plain, timeMs }));
    if (file[at] !== 9) continue;
    const flags = isMedia && body[0]! >> 4 === 1 ? MessageFlag.keyframe : plain;
    messages.push(message(MessageKind.video, body.subarray(5), { flags, timeMs, offsetMs: body.readIntBE(2, 3) }));
  }
  return messages;
}

/** The checksums of the pictures that a decoder makes of this input, in the order in which they are shown. */
async function decode(input: readonly string[], bytes: readonly Uint8Array[] = []): Promise<string[]> {
  const ffmpeg = spawn('ffmpeg', ['-v', 'error', ...input, '-map', '0:v', '-f', 'framecrc', '-'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const text = ffmpeg.stdout.setEncoding('utf8').toArray() as Promise<string[]>;
  for (const each of bytes) ffmpeg.stdin.write(each);
  ffmpeg.stdin.end();
  const lines = (await text).join('').split('\n');
  return lines.filter((line) => /^\d/.test(line)).map((line) => line.slice(line.lastIndexOf(',') + 1).trim());
}

const annexB = ({ payload, ...frame }: Frame): Buffer =>
  isConfiguration({ ...frame, payload }) ? parameterSets(payload) : startCodes(payload);

const START_CODE = Buffer.from([0, 0, 0, 1]);

function startCodes(accessUnit: Uint8Array): Buffer {
  const units = Buffer.from(accessUnit);
  for (let at = 0; at < units.length;) {
    const length = units.readUInt32BE(at);
    START_CODE.copy(units, at);
    at += 4 + length;
  }
  return units;
}

/** Of a record with one set of each kind (ISO/IEC 14496-15 section 5.3.3.1). */
function parameterSets(record: Uint8Array): Buffer {
  const bytes = Buffer.from(record);
  const spsEnd = 8 + bytes.readUInt16BE(6);
  return Buffer.concat([START_CODE, bytes.subarray(8, spsEnd), START_CODE, bytes.subarray(spsEnd + 3)]);
}

describe('an edge of a protocol of its own', () => {
  let nats: NatsServer;
  let frameBus: FrameBus;
  let viewers: FrameBus;
  const liveStore = createMemoryLiveStore();
  const control = new TestControlPlane(liveStore);
  let metrics: Metrics;
  let app: INestApplicationContext;
  let edge: ToyEdge;
  let port: number;

  beforeAll(async () => {
    nats = await startNatsServer();
    frameBus = await createNatsFrameBus({ url: nats.url });
    viewers = await createNatsFrameBus({ url: nats.url, publishes: false });
  });
  afterAll(async () => {
    await Promise.all([frameBus.close(), viewers.close()]);
    await nats[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    metrics = new Metrics({ service: 'toy', version: '0', processMetrics: false });
    const logger = createLogger({ service: 'toy', level: 'silent' });
    control.ended.splice(0);
    const options = { settings: SETTINGS, frameBus, liveStore, metrics, logger, readiness: new Readiness() };
    const module = ToyEdgeModule.register({ ...options, control: new InProcessControl().client() });
    app = await NestFactory.createApplicationContext(
      withProviders(
        module,
        { provide: CONTROL_PLANE, useValue: control },
        { provide: UsageReporter, useValue: { ledger: new UsageLedger() } },
      ),
      { logger: false, abortOnError: false },
    );
    edge = app.get(ToyEdge);
    ({ port } = edge);
  });
  afterEach(() => app.close());

  const say = (...messages: Buffer[]) => {
    const socket = connect({ host: '127.0.0.1', port });
    const lines: string[] = [];
    createInterface({ input: socket }).on('line', (line) => lines.push(line));
    for (const each of messages) socket.write(each);
    return { socket, lines };
  };
  const key = (text: string) => message(MessageKind.key, text);

  it('publishes what a viewer on another connection decodes, picture by picture, and ends as unpublished', async () => {
    const stream = control.newStream();
    const recorder = new FrameRecorder();
    await viewers.subscribe(stream.streamId, { from: 'keyframe' }, recorder);
    const { socket, lines } = say(key(stream.key), message(MessageKind.data, 'words', { timeMs: 77_000 }));
    for (const each of clip(4_000, 77_000)) socket.write(each);
    await expect.poll(() => lines).toEqual(['granted']);
    socket.end();
    await recorder.until(() => recorder.frames.at(-1)?.kind === FrameKind.end);
    const { frames } = recorder;
    expect(recorder.faults).toEqual([]);
    expect(frames.slice(0, 3)).toMatchObject([
      { kind: FrameKind.video, codec: Codec.h264, flags: FrameFlag.configuration },
      { kind: FrameKind.audio, codec: Codec.aac, flags: FrameFlag.configuration },
      { kind: FrameKind.video, codec: Codec.h264, flags: FrameFlag.keyframe, dts90k: 0 },
    ]);
    expect(frames.at(-1)).toMatchObject({ flags: FrameFlag.unpublished });
    const pictures = frames.filter(({ kind }) => kind === FrameKind.video).map(annexB);
    const decoded = await decode(['-f', 'h264', '-i', '-'], pictures);
    expect(decoded).toHaveLength(120);
    expect(decoded).toEqual(await decode(['-t', '4', '-i', CLIP]));
    await expect.poll(() => control.ended).toMatchObject([{ reason: 'unpublished', videoFrames: 120 }]);
    expect(control.requests.at(-1)).toMatchObject({ protocol: 'toy', app: 'toy', clientAddress: '127.0.0.1' });
    expect(await metrics.text()).toContain('millrace_ingest_messages_total{kind="video"} 120');
  });

  it('is refused as everywhere: a wrong key, guesses, a revoked key, a stop of the edge', async () => {
    const refusals = [say(key('nonsense')), say(key(newSecretKey('mr_st')))];
    await expect.poll(() => refusals[0]!.lines).toEqual([`refused bad_key ${PUBLISH_REFUSALS.bad_key}`]);
    await expect.poll(() => refusals[1]!.lines).toHaveLength(1);
    const guess = say(key('more nonsense'));
    await expect.poll(() => guess.lines.join()).toContain('too many wrong stream keys');
    const huge = say(Buffer.alloc(HEADER_BYTES, 0xff));
    await expect.poll(() => huge.lines.join()).toContain('refused limit_exceeded');

    const stream = control.newStream();
    const { lines, socket } = say(key(stream.key));
    await expect.poll(() => lines).toEqual(['granted']);
    expect(edge.ingest.publishers).toBe(1);
    const { streamId, streamKeyId } = stream;
    edge.ingest.cutPublisher({ streamId, streamKeyId, reason: 'key_revoked', beforeEpoch: undefined });
    await expect.poll(() => lines.at(-1)).toBe(`refused key_revoked ${PUBLISH_REFUSALS.key_revoked}`);
    if (!socket.closed) await once(socket, 'close');

    const other = say(key(control.newStream().key));
    await expect.poll(() => other.lines).toEqual(['granted']);
    await app.close();
    await expect.poll(() => other.lines.at(-1)).toContain('refused draining');
    expect(control.ended.map(({ reason }) => reason)).toEqual(['key_revoked', 'draining']);
  });
});
