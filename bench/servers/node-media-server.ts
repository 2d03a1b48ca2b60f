import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BENCH_DIR, CACHE_DIR } from '../measure/load.ts';
import { portOpen, startChild, stopChild } from './child.ts';
import type { Server } from './server.ts';

const VERSION = '4.4.3';
const HOME = join(CACHE_DIR, 'node-media-server');
const MAIN = join(HOME, 'node_modules', 'node-media-server', 'bin', 'app.js');

/** npm's node-media-server, fetched into the cache when first measured. Version 4 makes no HLS. */
export const nodeMediaServer: Server = {
  name: 'node-media-server',
  about: `node-media-server ${VERSION} from npm; makes no HLS`,
  makesHls: false,
  ingestsAlone: true,
  missing() {
    if (existsSync(MAIN)) return undefined;
    mkdirSync(HOME, { recursive: true });
    writeFileSync(join(HOME, 'package.json'), '{ "private": true }');
    const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', `node-media-server@${VERSION}`];
    return spawnSync('npm', args, { cwd: HOME, stdio: 'inherit' }).status === 0 ? undefined : 'npm could not fetch it';
  },
  version: () => VERSION,
  async start({ workDir, portBase }) {
    mkdirSync(join(workDir, 'data'));
    mkdirSync(join(workDir, 'record'));
    const values: Record<string, string> = {
      WORK: workDir,
      RTMP_PORT: String(portBase),
      HTTP_PORT: String(portBase + 1),
    };
    const template = readFileSync(join(BENCH_DIR, 'peers', 'nms.json.tmpl'), 'utf8');
    const file = join(workDir, 'nms.json.tmpl');
    writeFileSync(
      file,
      template.replace(/\$\{(\w+)\}/g, (_, key: string) => values[key] ?? ''),
    );
    const child = startChild([process.execPath, MAIN, '-c', file], join(workDir, 'log'), {}, workDir);
    await portOpen(portBase, 15_000);
    return {
      pids: [child.pid!],
      publishArgs: [
        '--rtmp',
        `rtmp://127.0.0.1:${portBase}/live`,
        '--flv-url',
        `http://127.0.0.1:${portBase + 1}/live/bench_%d.flv`,
      ],
      hlsUrl: undefined,
      firstPlaylist: undefined,
      stop: () => stopChild(child),
    };
  },
};
