// The figures of relays: every relay for one figure, then the next one.
import { highestRelayRate, RELAY_RATE, relayAtRate } from './measure/relay.ts';
import { CROWD, serveCrowd } from './measure/relay-crowd.ts';
import { bareC, bareCBatched, bareCSegments, bareNode } from './relays/bare.ts';
import { coturn } from './relays/coturn.ts';
import { millraceTurn } from './relays/millrace-turn.ts';
import { nodeTurn } from './relays/node-turn.ts';
import type { Relay, RunningRelay } from './relays/relay.ts';
import type { Recorder } from './report/recorder.ts';
import { watchSteal } from './report/recorder.ts';

export const RELAYS: readonly Relay[] = [millraceTurn, coturn, nodeTurn, bareNode, bareC, bareCBatched, bareCSegments];
export const RELAY_FIGURES = ['relay-10k', 'relay-max', 'relay-crowd'] as const;

export type WithRelay = <T>(relay: Relay, threads: 1 | 2, use: (running: RunningRelay) => Promise<T>) => Promise<T>;

const DIRECTIONS = { up: 'client to peer', down: 'peer to client' } as const;
const HALF_RATE_MS = 5_000;

/** One relay under one load. */
export interface RelayCase {
  readonly relay: Relay;
  readonly direction: 'up' | 'down';
  readonly threads: 1 | 2;
  readonly withRelay: WithRelay;
  readonly recorder: Recorder;
}

export async function measureRelays(
  figures: readonly string[],
  relays: readonly Relay[],
  withRelay: WithRelay,
  recorder: Recorder,
): Promise<void> {
  for (const relay of figures.includes('relay-crowd') ? relays : [])
    await recorder.attempt('relay-crowd', relay.name, () => measureCrowd(relay, withRelay, recorder));
  for (const direction of ['up', 'down'] as const) {
    for (const threads of [1, 2] as const) {
      const able = relays.filter((relay) => relay.threads.includes(threads) && relay.directions.includes(direction));
      const cases = able.map((relay) => ({ relay, direction, threads, withRelay, recorder }));
      for (const one of figures.includes('relay-10k') ? cases : [])
        await recorder.attempt('relay-10k', one.relay.name, () => measureAtRate(one));
      // The search takes long: back to the client only what cannot be searched on the way out.
      const searched = cases.filter(({ relay }) => direction === 'up' || !relay.directions.includes('up'));
      for (const one of figures.includes('relay-max') ? searched : [])
        await recorder.attempt('relay-max', one.relay.name, () => measureHighestRate(one));
    }
  }
}

async function measureCrowd(relay: Relay, withRelay: WithRelay, recorder: Recorder): Promise<void> {
  const steal = watchSteal();
  const served = await withRelay(relay, 1, async ({ turn }) => turn && serveCrowd(turn));
  if (served === undefined) return;
  const note = (name: string, title: string, value: number): void =>
    recorder.note({ figure: `relay-crowd-${name}`, title, unit: 'ms' }, relay.name, value, steal());
  note('median', `${CROWD} allocations at once from one address: median`, served.medianMs);
  note('last', `${CROWD} allocations at once from one address: the last one`, served.lastMs);
}

/** @param runMs how long the packets are sent */
export async function measureAtRate(one: RelayCase, runMs?: number): Promise<void> {
  const note = notes(one);
  const measured = await one.withRelay(one.relay, one.threads, (running) =>
    relayAtRate(running, one.direction, RELAY_RATE, runMs),
  );
  note('cpu', 'CPU of a packet at 10,000 a second', 'µs', measured.cpuMicrosecondsPerPacket);
  note('p50', 'Delay at 10,000 packets a second, median', 'ms', measured.p50Ms);
  note('p99', 'Delay at 10,000 packets a second, 99th percentile', 'ms', measured.p99Ms);
  note('loss', 'Loss at 10,000 packets a second', '%', measured.lossPercent);
}

async function measureHighestRate(one: RelayCase): Promise<void> {
  const note = notes(one);
  const { relay, direction, threads, withRelay } = one;
  const highest = await withRelay(relay, threads, (running) => highestRelayRate(running, direction));
  note('max', 'Most packets a second with less than 1 % lost', 'packets per second', highest);
  const half = Math.floor(highest / 2);
  const { p99Ms } = await withRelay(relay, threads, (running) => relayAtRate(running, direction, half, HALF_RATE_MS));
  note('half-p99', 'Delay at half of that, 99th percentile', 'ms', p99Ms);
}

type Note = (name: string, title: string, unit: string, value: number) => void;

/** @returns what takes the numbers of a case; steal is counted from now on */
function notes({ relay, direction, threads, recorder }: RelayCase): Note {
  const steal = watchSteal();
  const where = `${DIRECTIONS[direction]}, ${threads === 1 ? 'one thread' : 'two threads'}`;
  return (name, title, unit, value) =>
    recorder.note(
      { figure: `relay-${name}-${direction}-${threads}`, title: `${title}, ${where}`, unit },
      relay.name,
      value,
      steal(),
    );
}
