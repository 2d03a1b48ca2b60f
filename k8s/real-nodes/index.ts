export { CommandFailed, runCommand } from '../control-plane/kubectl.ts';
export type { Kubectl } from '../control-plane/kubectl.ts';
export { Helm } from '../install/helm.ts';
export type { Release } from '../install/helm.ts';
export { NODE_WITH_DISKS, RealCluster } from './real-cluster.ts';
