import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { BENCH_DIR } from '../measure/load.ts';
import { portOpen, startChild, stopChild } from './child.ts';
import type { Server } from './server.ts';

/** A Node.js program that reads the same bytes and writes them to files, or drops them: what the runtime itself costs. */
export const floorNode: Server = {
  name: 'floor-node',
  about: 'Node.js reads the bytes and writes 2 s files; no protocol at all',
  makesHls: true,
  ingestsAlone: true,
  missing: () => undefined,
  version: () => process.version,
  async start({ workDir, portBase, hls }) {
    const dir = join(workDir, 'hls');
    mkdirSync(dir);
    const program = join(BENCH_DIR, 'load', 'floor.mjs');
    const child = startChild(
      [process.execPath, program, hls ? 'write' : 'sink', String(portBase), dir],
      join(workDir, 'log'),
    );
    await portOpen(portBase, 15_000);
    return {
      pids: [child.pid!],
      publishArgs: ['--raw-pub', `127.0.0.1:${portBase}`],
      hlsUrl: undefined,
      firstPlaylist: undefined,
      stop: () => stopChild(child),
    };
  },
};

/** A Node.js program that holds requests for a playlist and answers all of them at once, every half second: as Low-Latency HLS, of one part more. */
export const floorPlaylists: Server = {
  ...floorNode,
  about: 'Node.js answers held requests with a playlist of the same size',
  makesParts: true,
  async start({ workDir, portBase }) {
    const program = join(BENCH_DIR, 'load', 'floor.mjs');
    const child = startChild([process.execPath, program, 'playlists', String(portBase)], join(workDir, 'log'));
    await portOpen(portBase, 15_000);
    return {
      pids: [child.pid!],
      publishArgs: [],
      hlsUrl: undefined,
      firstPlaylist: `http://127.0.0.1:${portBase}/video.m3u8`,
      stop: () => stopChild(child),
    };
  },
};
