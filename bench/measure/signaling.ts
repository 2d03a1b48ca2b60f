// Participants who come in as fast as they are let, and participants who only sit there.
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { newId } from '@millrace/domain';
import { WebSocket } from 'ws';
import { cpuMsPerSecond, usageOf } from './process-usage.ts';

const PEOPLE_PER_ROOM = 2;
const AT_ONCE = 32;
const WARM_MS = 2_000;
const MEASURE_MS = 8_000;
export const IDLE_SOCKETS = 5_000;
const IDLE_PEOPLE_PER_ROOM = 5;
/** After the last join: garbage is collected, leases are renewed several times. */
const SETTLE_MS = 8_000;

export interface Joins {
  readonly perSecond: number;
  readonly cpuMsPerJoin: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

async function join(port: number, roomId: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/rooms`, { perMessageDeflate: false });
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'join', version: 1, token: roomId }));
  const [text] = (await once(socket, 'message')) as [Buffer];
  const { type, code } = JSON.parse(text.toString()) as { readonly type: string; readonly code?: string };
  if (type !== 'joined') throw new Error(`not joined: ${code ?? type}`);
  return socket;
}

/** So many at once connect, join a room of two, and leave when both are in. */
export async function measureJoins(port: number, pid: number): Promise<Joins> {
  const times: number[] = [];
  let running = true;
  const pair = async (): Promise<void> => {
    const roomId = newId('room');
    const sockets: WebSocket[] = [];
    for (let i = 0; i < PEOPLE_PER_ROOM; i++) {
      const startedMs = performance.now();
      sockets.push(await join(port, roomId));
      times.push(performance.now() - startedMs);
    }
    for (const socket of sockets) {
      socket.send('{"type":"leave"}');
      await once(socket, 'close');
    }
  };
  const workers = Array.from({ length: AT_ONCE }, async () => {
    while (running) await pair();
  });
  await delay(WARM_MS);
  times.length = 0;
  const before = usageOf([pid]);
  await delay(MEASURE_MS);
  const after = usageOf([pid]);
  const measured = [...times].sort((a, b) => a - b);
  running = false;
  await Promise.all(workers);
  const perSecond = measured.length / (Number(after.atNs - before.atNs) / 1e9);
  const at = (part: number): number => measured[Math.floor(measured.length * part)] ?? NaN;
  return { perSecond, cpuMsPerJoin: cpuMsPerSecond(before, after) / perSecond, p50Ms: at(0.5), p99Ms: at(0.99) };
}

export interface Idle {
  readonly kibPerSocket: number;
  readonly cpuMsPerSecond: number;
}

/** Silent rooms of five. */
export async function measureIdle(port: number, pid: number): Promise<Idle> {
  // The server has answered once: what it loads late is not counted.
  (await join(port, newId('room'))).close();
  await delay(SETTLE_MS / 4);
  const before = usageOf([pid]);
  const sockets: WebSocket[] = [];
  for (let room = 0; room < IDLE_SOCKETS / IDLE_PEOPLE_PER_ROOM; room++) {
    const roomId = newId('room');
    sockets.push(...(await Promise.all(Array.from({ length: IDLE_PEOPLE_PER_ROOM }, () => join(port, roomId)))));
  }
  await delay(SETTLE_MS);
  const settled = usageOf([pid]);
  await delay(SETTLE_MS);
  const after = usageOf([pid]);
  for (const socket of sockets) socket.terminate();
  return {
    kibPerSocket: (after.residentBytes - before.residentBytes) / IDLE_SOCKETS / 1_024,
    cpuMsPerSecond: cpuMsPerSecond(settled, after),
  };
}
