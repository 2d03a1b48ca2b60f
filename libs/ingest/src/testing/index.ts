export { TestControlPlane } from './test-control-plane.ts';
export type { LoginCheck, TestPlayback, TestStream } from './test-control-plane.ts';
export { startTestGateway } from './test-gateway.ts';
