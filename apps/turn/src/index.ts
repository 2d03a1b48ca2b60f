export { TurnModule } from './turn.module.ts';
export type { TurnOptions } from './turn-options.ts';
export type { OpenedPorts } from './worker/worker-messages.ts';
export { machineAddresses, relayAddresses } from './addresses.ts';
export type { PortRange } from './peers/port-range.ts';
export { turnGracePeriodMs, turnProcessSettings, turnSettings } from './settings.ts';
export type { TurnSettings } from './settings.ts';
