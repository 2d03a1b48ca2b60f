export { formatSessionDescription, parseSessionDescription, SDP_LIMITS } from './session-description.ts';
export type { MediaToFormat, SdpFormat, SdpMedia, SessionDescription, SessionToFormat } from './session-description.ts';
