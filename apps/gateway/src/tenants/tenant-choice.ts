// Whose a new thing is: a tenant's key says so itself, the operator names the tenant.
import type { EntityManager } from 'typeorm';
import type { Principal } from '../auth/principal.ts';
import { idField } from '../http/fields.ts';
import { ProblemError } from '../http/problem-error.ts';
import type { PlaybackPolicy } from '../known/facts.ts';
import { TenantEntity } from './tenant.entity.ts';

/** The field of bodies that make something for a tenant. */
export const tenantChoice = {
  tenant_id: idField('tenant')
    .optional()
    .describe(
      'The tenant that it belongs to: required with the operator key; a tenant key can only name its own tenant.',
    ),
};

/** @throws ProblemError when the operator names none, or a tenant names another one */
export function tenantFor(caller: Principal, named: string | undefined): string {
  if (caller.kind === 'operator') {
    if (named === undefined) throw wrongTenant('is required with the operator key');
    return named;
  }
  if (named !== undefined && named !== caller.tenantId) throw wrongTenant('is not the tenant of this key');
  return caller.tenantId;
}

/** Holds the tenant's row until the transaction ends, so that counts under it stay true. @throws ProblemError when there is none */
export async function lockTenant(manager: EntityManager, id: string): Promise<TenantEntity> {
  const tenant = await manager.findOne(TenantEntity, { where: { id }, lock: { mode: 'for_no_key_update' } });
  if (tenant === null || tenant.deletedAt !== null) throw wrongTenant('is not the id of a tenant');
  return tenant;
}

/** @throws ProblemError for a public playback id of a tenant that has none */
export function requirePlaybackPolicy(
  { requireSignedPlayback }: Pick<TenantEntity, 'requireSignedPlayback'>,
  policy: PlaybackPolicy,
): void {
  if (!requireSignedPlayback || policy === 'signed') return;
  throw new ProblemError(
    'signed_playback_required',
    'This tenant has signed playback ids only (`require_signed_playback`): the policy must be `signed`.',
  );
}

const wrongTenant = (detail: string): ProblemError =>
  new ProblemError('invalid_request', 'The request is invalid; `errors` lists the problems.', {
    errors: [{ pointer: '/tenant_id', detail }],
  });
