import { afterEach } from 'vitest';
import { describeControlContract } from '../control.contract.ts';
import type { ControlTransport } from '../control.contract.ts';
import { describeRoomContract } from '../rooms/rooms.contract.ts';
import { InProcessControl } from './in-process-control.ts';

let control = new InProcessControl();
afterEach(() => void (control = new InProcessControl()));

const open = (): ControlTransport => ({
  client: () => control.client(),
  server: (queue) => ({ strategy: control.server(queue) }),
  settled: async () => undefined,
});

describeControlContract('in one process', open);
describeRoomContract('in one process', open);
