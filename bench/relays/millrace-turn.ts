import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { formatRelayUsername, newId } from '@millrace/domain';
import { BENCH_DIR, SERVER_CPU, TWO_CPUS } from '../measure/load.ts';
import { startChild, stopChild } from '../servers/child.ts';
import { millraceStandaloneOf } from '../servers/millrace-standalone.ts';
import { longTermArgs, PASSWORD } from './long-term-key.ts';
import type { Relay } from './relay.ts';

const REALM = 'millrace';
const START_TIMEOUT_MS = 60_000;
const ASK_AGAIN_MS = 100;

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
    await answersBinding(portBase);
    return {
      pids: [child.pid!],
      loadArgs: ['--server', `127.0.0.1:${portBase}`, ...longTermArgs(user, REALM, PASSWORD)],
      turn: { port: portBase, username: (client) => userOf(`bench${client}`), password: PASSWORD },
      stop: () => stopChild(child),
    };
  },
});

export const millraceTurn = millraceTurnOf('millrace-turn', join(BENCH_DIR, '..'));

/** Waits until the server answers a Binding request (RFC 8489 section 6: type, length, cookie, transaction id). */
async function answersBinding(port: number): Promise<void> {
  const socket = createSocket('udp4');
  const request = Buffer.concat([Buffer.from('000100002112a442', 'hex'), randomBytes(12)]);
  // While the port is closed, the system reports that as an error of the socket.
  socket.on('error', () => undefined);
  const answered = once(socket, 'message', { signal: AbortSignal.timeout(START_TIMEOUT_MS) });
  const asking = setInterval(() => socket.send(request, port, '127.0.0.1'), ASK_AGAIN_MS);
  try {
    await answered;
  } finally {
    clearInterval(asking);
    socket.close();
  }
}
