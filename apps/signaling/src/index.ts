export { SignalingModule } from './signaling.module.ts';
export { RoomsServer } from './door/rooms-server.ts';
export type { RoomsSettings, SignalingOptions } from './signaling-options.ts';
export { presenceLimitsOf, signalingSettings } from './signaling-settings.ts';
export type { SignalingSettings } from './signaling-settings.ts';
