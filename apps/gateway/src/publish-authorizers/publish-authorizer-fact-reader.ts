// What is remembered of publish authorizers, so that they are asked also while the database is away. Their secrets stay sealed.
import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { Database } from '../database/database.ts';
import type { PublishAuthorizerFact } from '../known/facts.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { TenantDependents } from '../tenants/tenant-dependents.ts';
import { PublishAuthorizerEntity } from './publish-authorizer.entity.ts';

@Injectable()
export class PublishAuthorizerFactReader {
  constructor(known: KnownFacts, database: Database, dependents: TenantDependents) {
    dependents.add({ onDeleted: (tenantId) => known.changed('publishAuthorizers', tenantId) });
    known.readBy('publishAuthorizers', async (tenantIds) => {
      const where = { tenantId: In([...tenantIds]) };
      const rows = await database.run((manager) => manager.findBy(PublishAuthorizerEntity, where), 'control');
      return new Map(rows.map((row) => [row.tenantId, factOf(row)]));
    });
  }
}

export const factOf = (row: PublishAuthorizerEntity): PublishAuthorizerFact => ({
  url: row.url,
  onFailure: row.onFailure,
  sealed: row.sealed.toString('base64'),
  previousSealed: row.previousSealed?.toString('base64') ?? null,
  previousExpiresAtMs: row.previousExpiresAt?.getTime() ?? null,
});
