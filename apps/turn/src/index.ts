export { TurnModule } from './turn.module.ts';
export type { TurnModuleOptions } from './turn.module.ts';
export { TurnService } from './turn-service.ts';
export type { TurnServiceOptions } from './turn-service.ts';
export type { OpenedPorts } from './worker/worker-messages.ts';
export { machineAddresses } from './addresses.ts';
export { turnSettings } from './settings.ts';
export type { TurnSettings } from './settings.ts';
export { turnGracePeriodMs, turnProcessSettings } from './process-settings.ts';
