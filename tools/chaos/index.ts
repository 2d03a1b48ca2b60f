export { ChaosCluster } from './chaos-cluster.ts';
export { faultNamed, FAULTS } from './faults.ts';
export type { Fault } from './faults.ts';
export { readClip } from './numbered-clip.ts';
export { runFault } from './run-fault.ts';
export type { RunResult } from './run-fault.ts';
export { planRuns } from './schedule.ts';
