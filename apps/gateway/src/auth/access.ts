// Who may call a route. Every route says so; one that does not refuses every request.
import { SetMetadata } from '@nestjs/common';
import type { CustomDecorator } from '@nestjs/common';
import type { ScopedResource } from './scopes.ts';

/**
 * `public`: everyone. `caller`: every key and every user, for what is the caller's own. `tenant`: keys and users of a tenant, or the
 * operator. `operator`: the operator alone. Routes of a tenant name the resource that the caller needs a scope for.
 */
export type RouteAccess =
  | { readonly level: 'public' | 'caller' | 'operator' }
  | { readonly level: 'tenant'; readonly resource: ScopedResource };

export const ACCESS_METADATA = 'millrace:access';

export function Access(level: 'public' | 'caller' | 'operator'): CustomDecorator;
export function Access(level: 'tenant', resource: ScopedResource): CustomDecorator;
export function Access(level: RouteAccess['level'], resource?: ScopedResource): CustomDecorator {
  return SetMetadata(ACCESS_METADATA, { level, ...(resource !== undefined && { resource }) });
}
