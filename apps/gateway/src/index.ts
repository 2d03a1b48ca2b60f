export { createGatewayApp } from './gateway-app.ts';
export type { GatewayAppOptions } from './gateway-app.ts';
export type { GatewayOptions } from './gateway-options.ts';
export { GatewayModule } from './gateway.module.ts';
export { PROBLEM_CODES } from './http/problem-codes.ts';
export { Installation } from './installation/installation.ts';
export { ROOM_CODE_LIMITS } from './rooms/room-limits.ts';
export { gatewayGracePeriodMs, gatewaySettings } from './settings.ts';
export type { GatewaySettings } from './settings.ts';
