import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { recordChange } from '../audit/record-change.ts';
import { turnOf } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import { appendEvent } from '../events/append-event.ts';
import { timeField, timeText } from '../http/fields.ts';
import { ProblemError } from '../http/problem-error.ts';
import { MAX_SESSION_VERSION, viewerIdField } from '../playback-tokens/playback-claims.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { lockTenant, tenantChoice, tenantFor } from '../tenants/tenant-choice.ts';
import { ViewerRevocationEntity } from './viewer-revocation.entity.ts';
import { ViewerRevocations } from './viewer-revocations.ts';

const version = z.int().min(0).max(MAX_SESSION_VERSION);

export const revokeViewerSessionsBody = z
  .strictObject({
    ...tenantChoice,
    viewer_id: viewerIdField.describe('The `viewer_id` of the tokens.'),
    version_lte: version
      .default(MAX_SESSION_VERSION)
      .describe('Tokens with a `viewer_session_version` up to this one are revoked; every version when not given.'),
  })
  .meta({ id: 'RevokeViewerSessions' });
export type RevokeViewerSessionsBody = z.infer<typeof revokeViewerSessionsBody>;

export const viewerRevocationAnswer = z
  .strictObject({
    tenant_id: z.string(),
    viewer_id: z.string(),
    version_lte: version.describe(
      'The highest version that is revoked: an earlier revocation may have named a higher one.',
    ),
    revoked_at: timeField(),
  })
  .meta({ id: 'ViewerRevocation' });
export type ViewerRevocationAnswer = z.infer<typeof viewerRevocationAnswer>;

@Injectable()
export class ViewerSessionsService {
  constructor(
    private readonly database: Database,
    private readonly revocations: ViewerRevocations,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  async revoke(caller: Principal, body: RevokeViewerSessionsBody): Promise<ViewerRevocationAnswer> {
    const tenantId = tenantFor(caller, body.tenant_id);
    const { viewer_id: viewerId, version_lte: versionLte } = body;
    const max = this.settings.maxViewerRevocationsPerTenant;
    const row = await this.database.transaction(
      async (manager) => {
        await lockTenant(manager, tenantId);
        const isNew = !(await manager.existsBy(ViewerRevocationEntity, { tenantId, viewerId }));
        if (isNew && (await manager.countBy(ViewerRevocationEntity, { tenantId })) >= max)
          throw new ProblemError('quota_exceeded', `A tenant can have at most ${max} revoked viewers at a time.`);
        await manager.query(
          `INSERT INTO viewer_revocations (tenant_id, viewer_id, version_lte, revoked_at) VALUES ($1, $2, $3, now())
           ON CONFLICT (tenant_id, viewer_id) DO UPDATE
             SET version_lte = greatest(viewer_revocations.version_lte, excluded.version_lte), revoked_at = now()`,
          [tenantId, viewerId, versionLte],
        );
        const written = await manager.findOneByOrFail(ViewerRevocationEntity, { tenantId, viewerId });
        await appendEvent(manager, {
          type: 'viewer_session.revoked',
          tenantId,
          objectId: tenantId,
          object: { ...writeRevocation(written) },
        });
        await recordChange(manager, caller, { tenantId, objectId: tenantId, after: writeRevocation(written) });
        return written;
      },
      { turn: turnOf(caller, tenantId) },
    );
    this.revocations.note(row);
    return writeRevocation(row);
  }
}

const writeRevocation = (row: ViewerRevocationEntity): ViewerRevocationAnswer => ({
  tenant_id: row.tenantId,
  viewer_id: row.viewerId,
  version_lte: row.versionLte,
  revoked_at: timeText(row.revokedAt),
});
