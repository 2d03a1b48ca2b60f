import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SERVER_CPU, TWO_CPUS } from '../measure/load.ts';
import { startChild, stopChild } from '../servers/child.ts';
import { longTermArgs, PASSWORD, REALM, USER } from './long-term-key.ts';
import type { Relay } from './relay.ts';

const SETTLE_MS = 1_500;

/** coturn over UDP: Debian's `coturn`. */
export const coturn: Relay = {
  name: 'coturn',
  about: 'coturn; one thread: the relay in the listener’s thread (relay-threads=0)',
  threads: [1, 2],
  directions: ['up', 'down'],
  missing: () => (spawnSync('which', ['turnserver']).status === 0 ? undefined : 'apt-get install coturn'),
  version: () => /\d+\.\d+\.\d+/.exec(spawnSync('turnserver', ['--version'], { encoding: 'utf8' }).stdout)?.[0] ?? '?',
  async start({ workDir, portBase, threads }) {
    const lines = [
      `listening-port=${portBase}`,
      'listening-ip=127.0.0.1',
      'relay-ip=127.0.0.1',
      'allow-loopback-peers',
      'lt-cred-mech',
      `user=${USER}:${PASSWORD}`,
      `realm=${REALM}`,
      `relay-threads=${threads === 1 ? 0 : 2}`,
      'no-tls',
      'no-dtls',
      'no-tcp',
      'no-tcp-relay',
      'no-cli',
      'min-port=40000',
      'max-port=44999',
      `log-file=${workDir}/turn.log`,
      'simple-log',
      'no-stdout-log',
      `pidfile=${workDir}/turn.pid`,
      `userdb=${workDir}/turndb`,
    ];
    const configuration = join(workDir, 'turn.conf');
    writeFileSync(configuration, `${lines.join('\n')}\n`);
    const cores = threads === 1 ? SERVER_CPU : TWO_CPUS;
    const child = startChild(['turnserver', '-c', configuration], join(workDir, 'log'), {}, undefined, cores);
    await delay(SETTLE_MS);
    return {
      pids: [child.pid!],
      loadArgs: ['--server', `127.0.0.1:${portBase}`, ...longTermArgs(USER, REALM, PASSWORD)],
      turn: { port: portBase, username: () => USER, password: PASSWORD },
      stop: () => stopChild(child),
    };
  },
};
