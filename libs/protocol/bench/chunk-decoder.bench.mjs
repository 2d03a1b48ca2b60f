// Measures the chunk decoder alone: node libs/protocol/bench/chunk-decoder.bench.mjs
//
// The traffic is one second of a 2.5 Mbit/s publisher, again and again: 30 video messages (a keyframe of 80 kB in every
// 60), 43 audio messages, 4096-byte chunks, arriving in reads of a given size.
import { ChunkDecoder, ChunkEncoder, encodeSetChunkSize } from '../src/rtmp/index.ts';

const CHUNK_SIZE = 4096;
const SECONDS_OF_TRAFFIC = 20;
const RUN_MS = 1500;

function traffic(chunkSize) {
  const encoder = new ChunkEncoder();
  const parts = [
    encoder.encode({
      type: 1,
      messageStreamId: 0,
      timestamp: 0,
      chunkStreamId: 2,
      payload: encodeSetChunkSize(chunkSize),
    }),
  ];
  encoder.chunkSize = chunkSize;
  let messages = 0;
  for (let i = 0; i < SECONDS_OF_TRAFFIC * 30; i++) {
    const video = Buffer.alloc(i % 60 === 0 ? 80_000 : 8_200, i);
    parts.push(encoder.encode({ type: 9, messageStreamId: 1, timestamp: i * 33, chunkStreamId: 6, payload: video }));
    messages++;
    for (let a = 0; a < (i % 30 < 13 ? 2 : 1); a++) {
      const audio = Buffer.alloc(370, a);
      parts.push(
        encoder.encode({ type: 8, messageStreamId: 1, timestamp: i * 33 + a, chunkStreamId: 4, payload: audio }),
      );
      messages++;
    }
  }
  return { bytes: Buffer.concat(parts), messages };
}

function measure(name, chunkSize, readSize) {
  const { bytes, messages } = traffic(chunkSize);
  const reads = [];
  for (let at = 0; at < bytes.length; at += readSize) reads.push(bytes.subarray(at, at + readSize));
  let seen = 0;
  // Keeps the last 512 messages alive, as a segment that is being cut does.
  const window = new Array(512).fill(null);
  const handler = { onMessage: (_type, _stream, _timestamp, payload) => void (window[seen++ & 511] = payload) };
  const once = () => {
    const decoder = new ChunkDecoder(handler);
    for (const read of reads) decoder.push(read);
  };
  for (let i = 0; i < 20; i++) once();
  seen = 0;
  let rounds = 0;
  const cpu = process.cpuUsage();
  const from = process.hrtime.bigint();
  let ns = 0;
  while (ns < RUN_MS * 1e6) {
    once();
    rounds++;
    ns = Number(process.hrtime.bigint() - from);
  }
  const used = process.cpuUsage(cpu);
  if (seen !== rounds * messages) throw new Error(`${seen} messages, expected ${rounds * messages}`);
  const cpuMs = (used.user + used.system) / 1000;
  console.log(
    name.padEnd(34),
    `${Math.round(ns / seen)} ns/message`.padStart(16),
    `${Math.round((seen / ns) * 1e6)} k messages/s`.padStart(20),
    `${Math.round((rounds * bytes.length * 1e3) / ns)} MB/s`.padStart(12),
    `${(cpuMs / (rounds * SECONDS_OF_TRAFFIC)).toFixed(4)} ms CPU/stream-second`.padStart(30),
  );
}

measure('chunks 4096, reads 65536', CHUNK_SIZE, 65_536);
measure('chunks 4096, reads 4096', CHUNK_SIZE, 4096);
measure('chunks 4096, reads 1448', CHUNK_SIZE, 1448);
measure('chunks 128, reads 65536', 128, 65_536);
measure('chunks 65536, reads 65536', 65_536, 65_536);
measure('chunks 1, reads 65536', 1, 65_536);
measure('chunks 4096, reads 1', CHUNK_SIZE, 1);
