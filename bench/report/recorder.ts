// Takes the numbers as they are measured, and shows each at once.
import { cpus } from 'node:os';
import { machineTicks } from '../measure/process-usage.ts';
import type { Failure, Result } from './results.ts';
import { formatValue } from './table.ts';

export interface Quantity {
  readonly figure: string;
  readonly title: string;
  readonly unit: string;
}

export class Recorder {
  readonly results: Result[] = [];
  readonly failures: Failure[] = [];

  /** Measures a figure of a server. One that fails is listed beneath the table, and the others are measured all the same. */
  async attempt(figure: string, server: string, measure: () => Promise<void>): Promise<void> {
    try {
      await measure();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.failures.push({ figure, server, reason });
      console.error(`${figure.padEnd(22)} ${server.padEnd(22)} failed: ${reason}`);
    }
  }

  /** @param value left out when there is none. @param stealPercent of the machine, while it was measured */
  note({ figure, title, unit }: Quantity, server: string, value: number | undefined, stealPercent = 0): void {
    if (value === undefined || !Number.isFinite(value)) return;
    this.results.push({ figure, title, unit, server, value, stealPercent });
    const name = `${figure.padEnd(22)} ${server.padEnd(22)}`;
    console.log(`${name} ${formatValue(value)} ${unit} (steal ${stealPercent.toFixed(0)} %)`);
  }
}

/** @returns a function that tells what the hypervisor took from this machine since, in percent of it */
export function watchSteal(): () => number {
  const { steal } = machineTicks();
  const at = Date.now();
  return () => ((machineTicks().steal - steal) * 1_000) / (Date.now() - at) / cpus().length;
}
