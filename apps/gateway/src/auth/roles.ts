// What a user may do: a role is a set of scopes, those that an API key could have.
import { SCOPED_RESOURCES } from './scopes.ts';
import type { Scope, ScopedResource } from './scopes.ts';

/** Of a tenant's users, with the most rights first. */
export const TENANT_ROLES = ['owner', 'member', 'viewer'] as const;
export type TenantRole = (typeof TENANT_ROLES)[number];

/** An operator belongs to no tenant and reaches every tenant. */
export const ROLES = ['operator', ...TENANT_ROLES] as const;
export type Role = (typeof ROLES)[number];

/** The role with the fewest rights that may read a resource, and write it. */
export const RESOURCE_ROLES: Readonly<
  Record<ScopedResource, { readonly read: TenantRole; readonly write: TenantRole }>
> = {
  tenant: { read: 'viewer', write: 'owner' },
  api_keys: { read: 'member', write: 'owner' },
  live_streams: { read: 'viewer', write: 'member' },
  stream_keys: { read: 'member', write: 'member' },
  stream_key_secrets: { read: 'member', write: 'member' },
  ingest_sources: { read: 'member', write: 'member' },
  simulcast_targets: { read: 'viewer', write: 'member' },
  publish_authorizer: { read: 'member', write: 'owner' },
  rooms: { read: 'viewer', write: 'member' },
  signing_keys: { read: 'member', write: 'owner' },
  ice_servers: { read: 'viewer', write: 'member' },
  events: { read: 'viewer', write: 'owner' },
  webhooks: { read: 'member', write: 'member' },
  usage: { read: 'viewer', write: 'owner' },
  audit: { read: 'owner', write: 'owner' },
  playback: { read: 'member', write: 'owner' },
  users: { read: 'owner', write: 'owner' },
};

const resources = Object.keys(SCOPED_RESOURCES) as ScopedResource[];

/** Whether one role has all the rights of another one. */
const includesRole = (role: TenantRole, other: TenantRole): boolean =>
  TENANT_ROLES.indexOf(role) <= TENANT_ROLES.indexOf(other);

/** An owner may do everything in the tenant, as a key with the scope `*`. */
export function scopesOfRole(role: TenantRole): readonly Scope[] {
  if (role === 'owner') return ['*'];
  return resources.flatMap((resource) => {
    const least = RESOURCE_ROLES[resource];
    return (['read', 'write'] as const)
      .filter((action) => includesRole(role, least[action]))
      .map((action): Scope => `${resource}:${action}`);
  });
}

export const isTenantRole = (text: string): text is TenantRole => (TENANT_ROLES as readonly string[]).includes(text);
