import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BENCH_DIR } from '../measure/load.ts';
import { startChild, stopChild } from './child.ts';
import { makeStreams, playArgs } from './millrace-streams.ts';
import type { Server } from './server.ts';

const START_TIMEOUT_MS = 60_000;

async function answersOk(url: string): Promise<boolean> {
  return (await fetch(url).catch(() => undefined))?.ok ?? false;
}

/**
 * What `npm start` runs: everything in one process, its PostgreSQL included in the figures.
 *
 * @param root the repository that is started
 */
export const millraceStandaloneOf = (name: string, root: string): Server => ({
  name,
  about: 'everything in one process, and its embedded PostgreSQL',
  makesHls: true,
  makesParts: true,
  ingestsAlone: true,
  missing: () => (existsSync(join(root, 'apps', 'standalone', 'dist', 'main.js')) ? undefined : 'npm run build'),
  version: () => (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version,
  async start({ workDir, portBase, streams, hls, lowLatency }) {
    const ports = { rtmp: portBase, http: portBase + 1, rtsp: portBase + 7 };
    const data = join(workDir, 'data');
    const api = `http://127.0.0.1:${portBase + 1}`;
    const child = startChild([process.execPath, join(root, 'tools', 'start.mjs')], join(workDir, 'log'), {
      NODE_ENV: 'production',
      MILLRACE_DATA_DIR: data,
      MILLRACE_RTMP_PORT: String(portBase),
      MILLRACE_HTTP_PORT: String(portBase + 1),
      MILLRACE_RTMPS_PORT: String(portBase + 2),
      MILLRACE_METRICS_PORT: String(portBase + 3),
      MILLRACE_SIGNALING_PORT: String(portBase + 4),
      MILLRACE_TURN_PORT: String(portBase + 5),
      MILLRACE_TURN_TLS_PORT: String(portBase + 6),
      MILLRACE_RTSP_PORT: String(portBase + 7),
      MILLRACE_SRT_PORT: String(portBase + 8),
      MILLRACE_RTMP_MAX_CONNECTIONS_PER_ADDRESS: '1000',
      MILLRACE_HTTP_MAX_CONNECTIONS_PER_ADDRESS: '4000',
      MILLRACE_RTSP_MAX_CONNECTIONS_PER_ADDRESS: '1000',
      MILLRACE_LOG_LEVEL: 'warn',
      // A packager that takes no stream: ingest alone.
      ...(hls ? {} : { MILLRACE_PACKAGER_MAX_STREAMS: '0' }),
    });
    const quickstart = join(data, 'quickstart.json');
    for (
      const end = Date.now() + START_TIMEOUT_MS;
      !existsSync(quickstart) || !(await answersOk(`http://127.0.0.1:${portBase + 3}/readyz`));
    ) {
      if (Date.now() > end || child.exitCode !== null)
        throw new Error(`Millrace did not start: ${readFileSync(join(workDir, 'log'), 'utf8').slice(-800)}`);
      await delay(20);
    }
    const { operator_key } = JSON.parse(readFileSync(quickstart, 'utf8')) as { operator_key: string };
    const made = await makeStreams(api, operator_key, streams, workDir, lowLatency);
    return {
      pids: [child.pid!],
      publishArgs: ['--rtmp', `rtmp://127.0.0.1:${portBase}/live`, ...made.args, ...playArgs(ports)],
      hlsUrl: hls ? `${api}/hls/%p/index.m3u8` : undefined,
      firstPlaylist: hls ? `${api}/hls/${made.firstPlaybackId}/index.m3u8` : undefined,
      stop: () => stopChild(child),
    };
  },
});

export const millraceStandalone = millraceStandaloneOf('millrace-standalone', join(BENCH_DIR, '..'));
