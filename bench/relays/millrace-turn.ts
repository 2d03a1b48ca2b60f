import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { formatRelayUsername, newId } from '@millrace/domain';
import { BENCH_DIR, SERVER_CPU, TWO_CPUS } from '../measure/load.ts';
import { startChild, stopChild } from '../servers/child.ts';
import { millraceStandaloneOf } from '../servers/millrace-standalone.ts';
import { longTermArgs, PASSWORD } from './long-term-key.ts';
import type { Relay } from './relay.ts';

const REALM = 'millrace';
const SETTLE_MS = 1_500;

/**
 * Millrace's TURN server, as turn's process has it: counted, limited, with quotas and metrics.
 *
 * @param root the repository that is started
 */
export const millraceTurnOf = (name: string, root: string): Relay => ({
  name,
  about: 'apps/turn on the runtime’s own sockets',
  threads: [1, 2],
  directions: ['up', 'down'],
  missing: () => (existsSync(join(root, 'apps', 'turn', 'dist', 'index.js')) ? undefined : 'npm run build'),
  version: () => millraceStandaloneOf(name, root).version(),
  async start({ workDir, portBase, threads }) {
    const tenantId = newId('ten');
    const expiresAtS = Math.floor(Date.now() / 1_000) + 3_600;
    const userOf = (subject: string): string => formatRelayUsername({ expiresAtS, tenantId, subject });
    const user = userOf('bench');
    const program = join(root, 'bench', 'relays', 'millrace-turn-server.ts');
    const args = [program, String(portBase), String(threads), user, PASSWORD, tenantId];
    const cores = threads === 1 ? SERVER_CPU : TWO_CPUS;
    const child = startChild([process.execPath, ...args], join(workDir, 'log'), {}, undefined, cores);
    await delay(SETTLE_MS);
    return {
      pids: [child.pid!],
      loadArgs: ['--server', `127.0.0.1:${portBase}`, ...longTermArgs(user, REALM, PASSWORD)],
      turn: { port: portBase, username: (client) => userOf(`bench${client}`), password: PASSWORD },
      stop: () => stopChild(child),
    };
  },
});

export const millraceTurn = millraceTurnOf('millrace-turn', join(BENCH_DIR, '..'));
