// Who may call a route. Every route says so; one that does not refuses every request.
import { SetMetadata } from '@nestjs/common';
import type { CustomDecorator } from '@nestjs/common';
import type { ScopedResource } from './scopes.ts';

/**
 * `public`: every caller. `tenant`: a tenant's key, or the operator's. `operator`: the operator's key alone. Routes of a tenant name the
 * resource that a key needs a scope for.
 */
export type RouteAccess =
  { readonly level: 'public' | 'operator' } | { readonly level: 'tenant'; readonly resource: ScopedResource };

export const ACCESS_METADATA = 'millrace:access';

export function Access(level: 'public' | 'operator'): CustomDecorator;
export function Access(level: 'tenant', resource: ScopedResource): CustomDecorator;
export function Access(level: RouteAccess['level'], resource?: ScopedResource): CustomDecorator {
  return SetMetadata(ACCESS_METADATA, { level, ...(resource !== undefined && { resource }) });
}
