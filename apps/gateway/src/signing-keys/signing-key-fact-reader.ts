// What is remembered of a tenant's signing keys: those in force, the newest first.
import { Injectable } from '@nestjs/common';
import { In, IsNull } from 'typeorm';
import { Database } from '../database/database.ts';
import type { SigningKeysFact } from '../known/facts.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { TenantDependents } from '../tenants/tenant-dependents.ts';
import { SigningKeyEntity } from './signing-key.entity.ts';

@Injectable()
export class SigningKeyFactReader {
  constructor(known: KnownFacts, database: Database, dependents: TenantDependents) {
    dependents.add({ onDeleted: (tenantId) => known.changed('signingKeys', tenantId) });
    // A tenant without keys is left out, so that guessed tenant ids cannot fill the live store.
    known.readBy('signingKeys', async (tenantIds) => {
      const where = { tenantId: In([...tenantIds]), revokedAt: IsNull() };
      const order = { id: 'DESC' } as const;
      const rows = await database.run((manager) => manager.find(SigningKeyEntity, { where, order }), 'control');
      const byTenant = Map.groupBy(rows, ({ tenantId }) => tenantId);
      return new Map([...byTenant].map(([tenantId, keys]) => [tenantId, signingKeysFactOf(keys)]));
    });
  }
}

const signingKeysFactOf = (rows: readonly SigningKeyEntity[]): SigningKeysFact => ({
  keys: rows.map(({ id, sealed }) => ({ id, sealed: sealed.toString('base64') })),
});
