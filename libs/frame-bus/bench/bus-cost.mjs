// What the frame bus costs: CPU milliseconds per stream-second of publisher, nats-server and subscriber, each a process.
//
//   node -C @millrace/source libs/frame-bus/bench/bus-cost.mjs [streams=50] [seconds=20] [adapter=nats|memory]
//
// Each stream is 30 video frames a second (a keyframe of 60 KB every two seconds, 9.3 KB between) and 43 audio frames of
// 350 bytes: 73 frames a second, 4.4 KB on average. The subscriber commits every two seconds. What pacing itself costs
// is measured in the same way without a bus and given beside.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { newId } from '@millrace/domain';
import { createMemoryFrameBus, createNatsFrameBus } from '../src/index.ts';
import { sampleMark, startNatsServer } from '../src/testing/index.ts';

const WARM_UP_MS = 3_000;
const TICK_MS = 2;
const EPOCH = 1_795_000_000_000;
const CLOCK_TICKS_PER_SECOND = 100;

/** Every frame of every stream when it is due, streams evenly out of step. Returns how to stop. */
function pace(streamIds, publish) {
  const video = new Uint8Array(9_300).fill(1);
  const keyframe = new Uint8Array(60_000).fill(2);
  const audio = new Uint8Array(350).fill(3);
  const configuration = new Uint8Array(40).fill(4);
  const startedAt = performance.now();
  const states = streamIds.map((id, index) => ({
    id,
    offset: (index / streamIds.length) * 2,
    video: 0,
    audio: 0,
    sequence: 0,
  }));
  const put = (state, kind, codec, flags, payload, seconds) =>
    publish(state.id, {
      kind,
      codec,
      flags,
      epoch: EPOCH,
      sequence: ++state.sequence,
      dts90k: Math.round(seconds * 90_000),
      compositionOffset90k: 0,
      payload,
    });
  const timer = setInterval(() => {
    const now = (performance.now() - startedAt) / 1_000;
    for (const state of states) {
      const seconds = now + state.offset;
      for (; state.video < seconds * 30; state.video++) {
        const isKeyframe = state.video % 60 === 0;
        if (isKeyframe) {
          put(state, 1, 1, 2, configuration, seconds);
          put(state, 2, 2, 2, configuration, seconds);
        }
        put(state, 1, 1, isKeyframe ? 1 : 0, isKeyframe ? keyframe : video, seconds);
      }
      for (; state.audio < seconds * 43; state.audio++) put(state, 2, 2, 0, audio, seconds);
    }
  }, TICK_MS);
  return () => clearInterval(timer);
}

const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return { all: (user + system) / 1_000, system: system / 1_000 };
};

function cpuMsOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / CLOCK_TICKS_PER_SECOND;
}

const delay = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Counts what arrives and commits. */
async function subscribeAll(bus, streamIds) {
  const seen = { frames: 0, gaps: 0 };
  for (const streamId of streamIds) {
    let keyframes = 0;
    await bus.subscribe(
      streamId,
      { from: 'live' },
      {
        onFrame(frame) {
          seen.frames++;
          if ((frame.flags & 1) === 0) return;
          const position = { epoch: frame.epoch, sequence: frame.sequence };
          bus.recordCommit(sampleMark(streamId, ++keyframes, position)).catch((error) => console.error(error.message));
        },
        onGap: () => seen.gaps++,
      },
    );
  }
  return seen;
}

function publishAll(bus, streamIds) {
  const publishers = new Map(streamIds.map((streamId) => [streamId, bus.openPublisher(streamId, EPOCH)]));
  return pace(streamIds, (streamId, frame) => publishers.get(streamId).publish(frame));
}

/** One child process: does its part, reports CPU over the measured time. */
async function child({ role, url, streamIds, seconds, limits }) {
  const observer = { problem: (error) => console.error(role, error.message) };
  const bus =
    role === 'pacing'
      ? undefined
      : role === 'memory'
        ? createMemoryFrameBus()
        : await createNatsFrameBus({ url, observer, ...limits });
  const seen = role === 'subscriber' || role === 'memory' ? await subscribeAll(bus, streamIds) : { frames: 0, gaps: 0 };
  process.send('ready');
  await once(process, 'message');
  let stop = () => undefined;
  if (role === 'publisher' || role === 'memory') stop = publishAll(bus, streamIds);
  else if (role === 'pacing') stop = pace(streamIds, () => true);
  await delay(WARM_UP_MS);
  const before = { cpu: cpuMs(), frames: seen.frames };
  await delay(seconds * 1_000);
  const after = { cpu: cpuMs(), frames: seen.frames };
  stop();
  await delay(200);
  process.send({
    cpu: after.cpu.all - before.cpu.all,
    system: after.cpu.system - before.cpu.system,
    frames: after.frames - before.frames,
    gaps: seen.gaps,
    rss: process.memoryUsage().rss,
  });
  process.disconnect();
  await bus?.close();
}

async function startChild(work) {
  const process_ = fork(fileURLToPath(import.meta.url), ['child', JSON.stringify(work)]);
  await once(process_, 'message');
  return { begin: () => process_.send('go'), done: once(process_, 'message').then(([result]) => result) };
}

async function main(streams, seconds, adapter, limits) {
  const streamIds = Array.from({ length: streams }, () => newId('str'));
  const perStreamSecond = (ms) => Number((ms / streams / seconds).toFixed(3));
  const roles = adapter === 'memory' ? ['memory', 'pacing'] : ['subscriber', 'publisher'];
  const server = adapter === 'memory' ? undefined : await startNatsServer();
  const children = [];
  for (const role of roles) children.push(await startChild({ role, url: server?.url, streamIds, seconds, limits }));
  for (const { begin } of children) begin();
  await delay(WARM_UP_MS);
  const serverBefore = server ? cpuMsOf(server.pid) : 0;
  await delay(seconds * 1_000);
  const serverCpu = server ? cpuMsOf(server.pid) - serverBefore : 0;
  const results = await Promise.all(children.map(({ done }) => done));
  await server?.[Symbol.asyncDispose]();
  const table = Object.fromEntries(roles.map((role, index) => [role, perStreamSecond(results[index].cpu)]));
  if (server) {
    const pacing = await startChild({ role: 'pacing', streamIds, seconds: Math.min(5, seconds), limits });
    pacing.begin();
    const { cpu } = await pacing.done;
    table.pacing = Number((cpu / streams / Math.min(5, seconds)).toFixed(3));
    table.server = perStreamSecond(serverCpu);
    table.total = Number((table.publisher + table.server + table.subscriber - table.pacing).toFixed(3));
  }
  const { frames, gaps } = results[0];
  console.log(
    JSON.stringify({
      adapter,
      streams,
      seconds,
      msPerStreamSecond: table,
      framesPerSecond: Math.round(frames / seconds),
      gaps,
      systemPart: results.map(({ system }) => perStreamSecond(system)),
      rss: results.map(({ rss }) => Math.round(rss / 1e6)),
    }),
  );
}

const [first, ...rest] = process.argv.slice(2);
if (first === 'child') await child(JSON.parse(rest[0]));
else await main(Number(first ?? 50), Number(rest[0] ?? 20), rest[1] ?? 'nats', JSON.parse(rest[2] ?? '{}'));
