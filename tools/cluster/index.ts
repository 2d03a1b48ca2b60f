export { Cluster } from './cluster.ts';
export type { ClusterOptions } from './cluster.ts';
export { defaultPorts, freeClusterPorts, portsFrom } from './cluster-ports.ts';
export type { ClusterPorts, ClusterSize } from './cluster-ports.ts';
export { serviceProcess } from './service-process.ts';
export type { RunService, ServiceOptions } from './service-process.ts';
export { SERVICE_NODE_ARGUMENTS } from '../setup/node-arguments.mjs';
