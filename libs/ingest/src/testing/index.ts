export { EdgeInMemory } from './edge-in-memory.ts';
export type { EdgeInMemoryOptions } from './edge-in-memory.ts';
export { describeEdgeProcess } from './edge-process.contract.ts';
export { tagsOf } from './flv-file.ts';
export type { FlvFileTag } from './flv-file.ts';
export { pulledSources } from './pulled-sources.ts';
export { TestControlPlane } from './test-control-plane.ts';
export type { LoginCheck, TestPlayback, TestStream } from './test-control-plane.ts';
export { startTestGateway } from './test-gateway.ts';
