import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BENCH_DIR } from '../measure/load.ts';
import { portOpen, startChild, stopChild } from './child.ts';
import type { Server } from './server.ts';

const START_TIMEOUT_MS = 15_000;
const binary = process.env['BENCH_SRS'] ?? '';

/** SRS, where its program is named: Debian has no package of it. */
export const srs: Server = {
  name: 'srs',
  about: 'SRS with its defaults',
  makesHls: true,
  ingestsAlone: true,
  missing: () => (existsSync(binary) ? undefined : 'name its program: BENCH_SRS=/path/to/srs'),
  version: () => {
    const { stdout, stderr } = spawnSync(binary, ['-v'], { encoding: 'utf8' });
    return `${stdout}${stderr}`.trim();
  },
  async start({ workDir, portBase, hls }) {
    mkdirSync(join(workDir, 'hls'));
    const values: Record<string, string> = {
      WORK: workDir,
      RTMP_PORT: String(portBase),
      HTTP_PORT: String(portBase + 1),
      HLS: hls ? 'on' : 'off',
    };
    const template = readFileSync(join(BENCH_DIR, 'peers', 'srs.conf'), 'utf8');
    const configuration = join(workDir, 'srs.conf');
    writeFileSync(
      configuration,
      template.replace(/\$\{(\w+)\}/g, (_, key: string) => values[key] ?? ''),
    );
    const child = startChild([binary, '-c', configuration], join(workDir, 'log'));
    await portOpen(portBase, START_TIMEOUT_MS);
    const playlistOf = (stream: string): string => `http://127.0.0.1:${portBase + 1}/live/bench_${stream}.m3u8`;
    return {
      pids: [child.pid!],
      publishArgs: ['--rtmp', `rtmp://127.0.0.1:${portBase}/live`],
      hlsUrl: hls ? playlistOf('%d') : undefined,
      firstPlaylist: hls ? playlistOf('0') : undefined,
      stop: () => stopChild(child),
    };
  },
};
