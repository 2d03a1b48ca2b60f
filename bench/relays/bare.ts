// Relays that know nothing of TURN: a datagram in, the same datagram out. What the system calls themselves cost.
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BENCH_DIR, BIN_DIR } from '../measure/load.ts';
import { startChild, stopChild } from '../servers/child.ts';
import type { Relay } from './relay.ts';

const SETTLE_MS = 500;

function bare(name: string, about: string, command: (port: number, flows: number) => string[]): Relay {
  return {
    name,
    about,
    threads: [1],
    directions: ['up', 'down'],
    missing: () => undefined,
    version: () => process.version,
    async start({ workDir, portBase, flows }) {
      const child = startChild(command(portBase, flows), join(workDir, 'log'));
      await delay(SETTLE_MS);
      return {
        pids: [child.pid!],
        loadArgs: ['--server', `127.0.0.1:${portBase}`, '--wire', 'raw'],
        stop: () => stopChild(child),
      };
    },
  };
}

const inC = (mode: string) => (port: number, flows: number) => [
  join(BIN_DIR, 'floor'),
  mode,
  String(port),
  String(flows),
];

export const bareNode = bare('bare-node', 'Node.js passes datagrams on; no TURN at all', (port, flows) => [
  process.execPath,
  join(BENCH_DIR, 'load', 'floor.mjs'),
  'udp',
  String(port),
  String(flows),
]);
export const bareC = bare('bare-c', 'the same in C, a system call a datagram', inC('udp'));
export const bareCSegments = bare('bare-c-segments', 'the same in C with recvmmsg and UDP_SEGMENT', inC('udpg'));
export const bareCBatched = bare('bare-c-batched', 'the same in C with recvmmsg and sendmmsg', inC('udpb'));
