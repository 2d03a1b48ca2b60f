/** What this service calls itself in logs and metrics. */
export const TURN_SERVICE = 'turn';
