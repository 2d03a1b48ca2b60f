export { SignalingModule } from './signaling.module.ts';
export { RoomsServer } from './rooms-server.ts';
export type { SignalingOptions } from './signaling-options.ts';
export { presenceLimitsOf, signalingGracePeriodMs, signalingSettings } from './settings.ts';
export type { RoomsSettings, SignalingSettings } from './settings.ts';
export { SOCKET_REFUSALS } from './admission/admission-control.ts';
export { PROTOCOL_ERRORS } from './messages/signaling-errors.ts';
