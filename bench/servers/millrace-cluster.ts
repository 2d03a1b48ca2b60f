import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BENCH_DIR } from '../measure/load.ts';
import { startChild, stopChild } from './child.ts';
import { makeStreams, playArgs } from './millrace-streams.ts';
import { millraceStandalone } from './millrace-standalone.ts';
import type { Server } from './server.ts';

const ROOT = join(BENCH_DIR, '..');
const START_TIMEOUT_MS = 90_000;

const NO_ROOMS = ['--signalings', '0', '--turns', '0'];

/** `npm run cluster` with one edge and one packager; NATS, Redis and PostgreSQL are part of the figures. */
export const millraceCluster: Server = {
  name: 'millrace-cluster',
  about: 'edge, packager and gateway as processes, with NATS, Redis and PostgreSQL',
  makesHls: true,
  makesParts: true,
  ingestsAlone: false,
  missing() {
    const hasRedis = spawnSync('which', ['redis-server']).status === 0;
    return hasRedis ? millraceStandalone.missing() : 'apt-get install redis-server';
  },
  version: () => millraceStandalone.version(),
  async start({ workDir, portBase, streams, lowLatency }) {
    const data = join(workDir, 'cluster');
    const args = ['--data-dir', data, '--port-base', String(portBase), '--edges', '1', '--packagers', '1', ...NO_ROOMS];
    const child = startChild([process.execPath, join(ROOT, 'tools', 'cluster.mjs'), ...args], join(workDir, 'log'), {
      NODE_ENV: 'production',
      MILLRACE_RTMP_MAX_CONNECTIONS_PER_ADDRESS: '1000',
      MILLRACE_HTTP_MAX_CONNECTIONS_PER_ADDRESS: '4000',
      MILLRACE_LOG_LEVEL: 'warn',
    });
    const quickstart = join(data, 'quickstart.json');
    for (const end = Date.now() + START_TIMEOUT_MS; !existsSync(quickstart); await delay(50)) {
      if (Date.now() > end || child.exitCode !== null) {
        throw new Error(`the cluster did not start: ${readFileSync(join(workDir, 'log'), 'utf8').slice(-800)}`);
      }
    }
    const { operator_key } = JSON.parse(readFileSync(quickstart, 'utf8')) as { operator_key: string };
    const api = `http://127.0.0.1:${portBase}`;
    const made = await makeStreams(api, operator_key, streams, workDir, lowLatency);
    return {
      pids: [child.pid!],
      publishArgs: [
        '--rtmp',
        `rtmp://127.0.0.1:${portBase + 10}/live`,
        ...made.args,
        ...playArgs({ rtmp: portBase + 10, http: portBase }),
      ],
      hlsUrl: `${api}/hls/%p/index.m3u8`,
      firstPlaylist: `${api}/hls/${made.firstPlaybackId}/index.m3u8`,
      stop: () => stopChild(child),
    };
  },
};
