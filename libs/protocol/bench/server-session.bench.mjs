// Measures a publishing server session, from bytes to onVideo and onAudio: node libs/protocol/bench/server-session.bench.mjs
//
// Prints what one message costs, and what memory an idle and a publishing connection takes (run with --expose-gc).
import { RtmpClientSession, RtmpServerSession, clientSessionOptions, serverSessionOptions } from '../src/rtmp/index.ts';

const RUN_MS = 1500;
const READ_SIZE = 16_384;
const CONNECTIONS = 2000;
const now = () => performance.now();

/** A publishing server session with its client, and what the client has sent since. */
function publisher() {
  const toServer = [];
  const toClient = [];
  let messages = 0;
  const count = () => void messages++;
  const ignore = () => undefined;
  const server = new RtmpServerSession(
    {
      send: (bytes) => toClient.push(bytes),
      onConnect: ignore,
      onPublishRequest: (request) => server.acceptPublish(request),
      onPlayRequest: ignore,
      onStopped: ignore,
      onClosed: (reason) => {
        throw new Error(JSON.stringify(reason));
      },
    },
    serverSessionOptions(now),
  );
  server.media = { onAudio: count, onVideo: count, onData: ignore };
  const client = new RtmpClientSession(
    {
      send: (bytes) => toServer.push(bytes),
      onReady: ignore,
      onStatus: ignore,
      onReconnectRequest: ignore,
      onAudio: ignore,
      onVideo: ignore,
      onData: ignore,
      onClosed: ignore,
    },
    clientSessionOptions({ now, mode: 'publish', app: 'live', tcUrl: 'rtmp://h/live', streamName: 'key' }),
  );
  client.start();
  while (toServer.length + toClient.length > 0) {
    for (const bytes of toServer.splice(0)) server.push(bytes);
    for (const bytes of toClient.splice(0)) client.push(bytes);
  }
  return { server, client, toServer, received: () => messages };
}

function speed() {
  const { server, client, toServer, received } = publisher();
  // Ten seconds of a 2.5 Mbit/s publisher, which the session hears again and again.
  for (let i = 0; i < 300; i++) {
    client.sendVideo(i * 33, Buffer.alloc(i % 60 === 0 ? 80_000 : 8_200, 1), { fmt: 0 });
    for (let a = 0; a < (i % 30 < 13 ? 2 : 1); a++) client.sendAudio(i * 33, Buffer.alloc(370, 2), { fmt: 0 });
  }
  const bytes = Buffer.concat(toServer);
  const reads = [];
  for (let at = 0; at < bytes.length; at += READ_SIZE) reads.push(bytes.subarray(at, at + READ_SIZE));
  const once = () => {
    for (const read of reads) server.push(read);
  };
  for (let i = 0; i < 50; i++) once();
  const before = received();
  const cpu = process.cpuUsage();
  const from = process.hrtime.bigint();
  let rounds = 0;
  let ns = 0;
  for (; ns < RUN_MS * 1e6; rounds++, ns = Number(process.hrtime.bigint() - from)) once();
  const used = process.cpuUsage(cpu);
  const messages = received() - before;
  console.log(`${Math.round(ns / messages)} ns/message, ${Math.round((messages / ns) * 1e6)} k messages/s`);
  console.log(`${((used.user + used.system) / 1000 / (rounds * 10)).toFixed(4)} ms CPU per stream-second`);
}

function memory() {
  if (globalThis.gc === undefined) return;
  const used = () => {
    globalThis.gc();
    globalThis.gc();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  publisher();
  const idleFrom = used();
  const options = serverSessionOptions(now);
  const idle = Array.from({ length: CONNECTIONS }, () => new RtmpServerSession({}, options));
  const idleEach = (used() - idleFrom) / idle.length;
  const from = used();
  const busy = Array.from({ length: CONNECTIONS }, () => publisher().server);
  console.log(
    `idle: ${Math.round(idleEach)} bytes each; publishing, its client included: ${Math.round((used() - from) / busy.length)} bytes each`,
  );
}

memory();
speed();
