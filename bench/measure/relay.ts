// Packets through a relay: what one costs, how late it is, and how many a second are too many.
import type { RunningRelay } from '../relays/relay.ts';
import { runTool } from './load.ts';

/** Allocations, each with one channel. */
export const RELAY_FLOWS = 10;
/** The fixed rate, in packets per second; a packet has 1200 bytes. */
export const RELAY_RATE = 10_000;

/** What relayload prints at its end; see load/relayload.c. */
interface RelayLoad {
  readonly sent: number;
  readonly received: number;
  readonly loss: number;
  readonly reached: boolean;
  readonly seconds: number;
  readonly delay_ms: { readonly p50: number; readonly p99: number; readonly max: number } | null;
}

export interface RelayedAtRate {
  readonly cpuMicrosecondsPerPacket: number;
  readonly lossPercent: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export async function relayAtRate(
  relay: RunningRelay,
  direction: 'up' | 'down',
  packetsPerSecond: number,
  runMs = 10_000,
): Promise<RelayedAtRate> {
  const args = [
    ...relay.loadArgs,
    '--flows',
    String(RELAY_FLOWS),
    '--dir',
    direction,
    '--rate',
    String(packetsPerSecond),
    '--dur-ms',
    String(runMs),
  ];
  const { load, cpuMsPerSecond } = await runTool<RelayLoad>('relayload', args, relay.pids);
  if (!load.reached)
    console.log(`the load reached ${Math.round(load.sent / load.seconds)} of ${packetsPerSecond} packets per second`);
  return {
    cpuMicrosecondsPerPacket: (cpuMsPerSecond * 1_000) / (load.received / load.seconds),
    lossPercent: load.loss * 100,
    p50Ms: load.delay_ms?.p50 ?? NaN,
    p99Ms: load.delay_ms?.p99 ?? NaN,
  };
}

/** @returns the most packets per second with less than one in a hundred lost */
export async function highestRelayRate(relay: RunningRelay, direction: 'up' | 'down'): Promise<number> {
  const args = [...relay.loadArgs, '--flows', String(RELAY_FLOWS), '--dir', direction, '--search'];
  const { load } = await runTool<{ highest_rate: number }>('relayload', args, relay.pids);
  return load.highest_rate;
}
