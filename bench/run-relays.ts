// The figures of relays: every relay for one figure, then the next one.
import { highestRelayRate, RELAY_RATE, relayAtRate } from './measure/relay.ts';
import { bareC, bareCBatched, bareNode } from './relays/bare.ts';
import { coturn } from './relays/coturn.ts';
import { millraceTurn } from './relays/millrace-turn.ts';
import { nodeTurn } from './relays/node-turn.ts';
import type { Relay, RunningRelay } from './relays/relay.ts';
import type { Recorder } from './report/recorder.ts';
import { watchSteal } from './report/recorder.ts';

export const RELAYS: readonly Relay[] = [millraceTurn, coturn, nodeTurn, bareNode, bareC, bareCBatched];
export const RELAY_FIGURES = ['relay-10k', 'relay-max'] as const;

export type WithRelay = <T>(relay: Relay, threads: 1 | 2, use: (running: RunningRelay) => Promise<T>) => Promise<T>;

const DIRECTIONS = { up: 'client to peer', down: 'peer to client' } as const;
const threadsText = (threads: 1 | 2): string => (threads === 1 ? 'one thread' : 'two threads');

export async function measureRelays(
  figures: readonly string[],
  relays: readonly Relay[],
  withRelay: WithRelay,
  recorder: Recorder,
): Promise<void> {
  for (const direction of ['up', 'down'] as const) {
    for (const threads of [1, 2] as const) {
      const able = relays.filter((relay) => relay.threads.includes(threads) && relay.directions.includes(direction));
      const where = `${DIRECTIONS[direction]}, ${threadsText(threads)}`;
      const id = `${direction}-${threads}`;
      if (figures.includes('relay-10k')) {
        for (const relay of able) {
          const steal = watchSteal();
          const { cpuMicrosecondsPerPacket, p50Ms, p99Ms, lossPercent } = await withRelay(relay, threads, (running) =>
            relayAtRate(running, direction, RELAY_RATE),
          );
          const note = (name: string, title: string, unit: string, value: number): void =>
            recorder.note(
              { figure: `relay-${name}-${id}`, title: `${title}, ${where}`, unit },
              relay.name,
              value,
              steal(),
            );
          note('cpu', 'CPU of a packet at 10,000 a second', 'µs', cpuMicrosecondsPerPacket);
          note('p50', 'Delay at 10,000 packets a second, median', 'ms', p50Ms);
          note('p99', 'Delay at 10,000 packets a second, 99th percentile', 'ms', p99Ms);
          if (lossPercent > 0) note('loss', 'Loss at 10,000 packets a second', '%', lossPercent);
        }
      }
      if (figures.includes('relay-max')) {
        for (const relay of able) {
          const steal = watchSteal();
          const highest = await withRelay(relay, threads, (running) => highestRelayRate(running, direction));
          const note = (name: string, title: string, unit: string, value: number): void =>
            recorder.note(
              { figure: `relay-${name}-${id}`, title: `${title}, ${where}`, unit },
              relay.name,
              value,
              steal(),
            );
          note('max', 'Most packets a second with less than 1 % lost', 'packets per second', highest);
          const half = Math.floor(highest / 2);
          const { p99Ms } = await withRelay(relay, threads, (running) => relayAtRate(running, direction, half));
          note('half-p99', 'Delay at half of that, 99th percentile', 'ms', p99Ms);
        }
      }
    }
  }
}
