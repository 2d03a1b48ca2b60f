import { afterEach } from 'vitest';
import { describeControlContract } from '../control.contract.ts';
import { InProcessControl } from './in-process-control.ts';

let control = new InProcessControl();
afterEach(() => void (control = new InProcessControl()));

describeControlContract('in one process', () => ({
  client: () => control.client(),
  server: (queue) => ({ strategy: control.server(queue) }),
  settled: async () => undefined,
}));
