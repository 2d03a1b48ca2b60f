/** What this service calls itself in logs and metrics. */
export const SIGNALING_SERVICE = 'signaling';
