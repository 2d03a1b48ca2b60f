// Simulcast targets as the specs have them: settings that are quick, and what an edge reports of a target.
import type { SimulcastTarget, TargetReport } from '@millrace/control';
import { newId } from '@millrace/domain';
import { expect } from 'vitest';
import type { TestEdge } from './test-edge.ts';

export const QUICK = {
  simulcastAllowedAddresses: ['127.0.0.0/8'],
  simulcastRetryMinMs: 20,
  simulcastRetryMaxMs: 100,
  simulcastSyncMs: 100,
};
export const SOON = { timeout: 30_000, interval: 10 };

let versions = 0;
export const newTarget = (place: Omit<SimulcastTarget, 'targetId' | 'version'>): SimulcastTarget => ({
  targetId: newId('smt'),
  version: String(++versions),
  ...place,
});

export const lastReport = (edge: TestEdge, { targetId }: SimulcastTarget): TargetReport | undefined =>
  edge.control.synced
    .flatMap(({ streams }) => streams.flatMap(({ targets }) => targets))
    .findLast((report) => report.targetId === targetId);

export async function untilState(edge: TestEdge, target: SimulcastTarget, state: string): Promise<TargetReport> {
  await expect.poll(() => lastReport(edge, target)?.state, SOON).toBe(state);
  return lastReport(edge, target)!;
}
