/** What a key needs to see everything and change nothing. */
export const READ_SCOPES: readonly string[] = [
  'tenant:read',
  'live_streams:read',
  'stream_keys:read',
  'rooms:read',
  'events:read',
  'webhooks:read',
];
