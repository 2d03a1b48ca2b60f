// What a tenant's key may do: read or write each kind of resource.

/** Resource → what its scopes give access to. */
export const SCOPED_RESOURCES = {
  tenant: 'the tenant itself',
  api_keys: 'API keys, without their secrets',
  live_streams: 'live streams, playback ids and sessions',
  stream_keys: 'stream keys; writing shows new keys',
  stream_key_secrets: 'the secrets of existing stream keys, shown by writing (`reveal`)',
  ingest_sources: 'sources that streams are pulled from; not their credentials',
  simulcast_targets: 'simulcast targets of live streams, without their stream keys',
  publish_authorizer: 'the publish authorizer; writing shows its secret',
  rooms: 'rooms, participants, bans and join tokens',
  signing_keys: 'signing keys of join tokens; writing shows new keys',
  ice_servers: 'relay credentials',
  events: 'events',
  webhooks: 'webhook endpoints and deliveries; writing shows secrets',
  usage: 'usage and quotas',
  playback: 'playback keys and restrictions, and revoking viewer sessions; writing shows new private keys',
  audit: 'the audit log',
  users: 'users of the console and their sessions; writing shows invitation links',
} as const;
export type ScopedResource = keyof typeof SCOPED_RESOURCES;
export type Scope = '*' | `${ScopedResource}:${'read' | 'write'}`;

const resources = Object.keys(SCOPED_RESOURCES) as ScopedResource[];

/** `*` is every scope, also those of later releases. */
export const SCOPES: readonly Scope[] = [
  '*',
  ...resources.flatMap((resource): Scope[] => [`${resource}:read`, `${resource}:write`]),
];

/** The scope that a request needs. */
export const scopeOf = (resource: ScopedResource, method: string): Scope =>
  `${resource}:${method === 'GET' || method === 'HEAD' ? 'read' : 'write'}`;

export const hasScope = (scopes: readonly string[], needed: Scope): boolean =>
  scopes.includes('*') || scopes.includes(needed);
