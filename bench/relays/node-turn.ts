import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BENCH_DIR, CACHE_DIR } from '../measure/load.ts';
import { startChild, stopChild } from '../servers/child.ts';
import { longTermArgs, PASSWORD, REALM, USER } from './long-term-key.ts';
import type { Relay } from './relay.ts';

const VERSION = '0.0.6';
const HOME = join(CACHE_DIR, 'node-turn');
const MAIN = join(HOME, 'node_modules', 'node-turn', 'package.json');
const SETTLE_MS = 1_500;

/** npm's node-turn, fetched into the cache when first measured. It drops ChannelData that comes from clients. */
export const nodeTurn: Relay = {
  name: 'node-turn',
  about: `node-turn ${VERSION} from npm; peer to client only`,
  threads: [1],
  directions: ['down'],
  missing() {
    if (existsSync(MAIN)) return undefined;
    mkdirSync(HOME, { recursive: true });
    writeFileSync(join(HOME, 'package.json'), '{ "private": true }');
    const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', `node-turn@${VERSION}`];
    return spawnSync('npm', args, { cwd: HOME, stdio: 'inherit' }).status === 0 ? undefined : 'npm could not fetch it';
  },
  version: () => VERSION,
  async start({ workDir, portBase }) {
    const program = join(BENCH_DIR, 'peers', 'node-turn.cjs');
    const child = startChild(
      [process.execPath, program, HOME, String(portBase), USER, PASSWORD, REALM],
      join(workDir, 'log'),
    );
    await delay(SETTLE_MS);
    return {
      pids: [child.pid!],
      loadArgs: ['--server', `127.0.0.1:${portBase}`, ...longTermArgs(USER, REALM, PASSWORD)],
      stop: () => stopChild(child),
    };
  },
};
