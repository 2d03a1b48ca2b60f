import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BENCH_DIR } from '../measure/load.ts';
import { portOpen, startChild, stopChild } from './child.ts';
import type { Server } from './server.ts';

const modulesPath = (): string => {
  const { stderr } = spawnSync('nginx', ['-V'], { encoding: 'utf8' });
  return /--modules-path=(\S+)/.exec(stderr ?? '')?.[1] ?? '';
};

/** nginx with its RTMP module, one worker: Debian's `nginx` and `libnginx-mod-rtmp`. */
export const nginxRtmp: Server = {
  name: 'nginx-rtmp',
  about: 'nginx with the RTMP module, one worker',
  makesHls: true,
  ingestsAlone: true,
  missing() {
    const found = spawnSync('test', ['-e', join(modulesPath(), 'ngx_rtmp_module.so')]);
    return found.status === 0 ? undefined : 'apt-get install nginx libnginx-mod-rtmp';
  },
  version: () => spawnSync('nginx', ['-v'], { encoding: 'utf8' }).stderr.trim(),
  async start({ workDir, portBase, hls }) {
    mkdirSync(join(workDir, 'hls'));
    const values: Record<string, string> = {
      WORK: workDir,
      RTMP_PORT: String(portBase),
      HTTP_PORT: String(portBase + 1),
      HLS_ON: hls ? '' : '#',
      NGINX_MODULES: modulesPath(),
    };
    const template = readFileSync(join(BENCH_DIR, 'peers', 'nginx-rtmp.conf'), 'utf8');
    writeFileSync(
      join(workDir, 'nginx.conf'),
      template.replace(/\$\{(\w+)\}/g, (_, key: string) => values[key] ?? ''),
    );
    const child = startChild(['nginx', '-p', workDir, '-c', join(workDir, 'nginx.conf')], join(workDir, 'log'));
    await portOpen(portBase, 15_000);
    return {
      pids: [child.pid!],
      publishArgs: ['--rtmp', `rtmp://127.0.0.1:${portBase}/live`],
      hlsUrl: hls ? `http://127.0.0.1:${portBase + 1}/live/bench_%d.m3u8` : undefined,
      firstPlaylist: hls ? `http://127.0.0.1:${portBase + 1}/live/bench_0.m3u8` : undefined,
      stop: () => stopChild(child),
    };
  },
};
