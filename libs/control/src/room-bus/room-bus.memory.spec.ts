import { describeRoomBusContract } from './room-bus.contract.ts';
import { createMemoryRoomBus } from './room-bus.memory.ts';
import type { RoomBus } from './room-bus.ts';
import { afterEach } from 'vitest';

let shared: RoomBus | undefined;
afterEach(() => void (shared = undefined));

describeRoomBusContract('in one process', async () => (shared ??= createMemoryRoomBus()));
