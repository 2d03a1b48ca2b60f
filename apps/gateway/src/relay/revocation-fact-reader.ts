// What is remembered of revoked relay credentials.
import { Injectable } from '@nestjs/common';
import { IsNull, Not } from 'typeorm';
import { Database } from '../database/database.ts';
import { revocationId } from '../known/facts.ts';
import type { RevocationFact } from '../known/facts.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { RelayCredentialEntity } from './relay-credential.entity.ts';

@Injectable()
export class RevocationFactReader {
  constructor(known: KnownFacts, database: Database) {
    known.readBy('revocations', async (ids) => {
      const where = ids.map((id) => {
        const [tenantId = '', subject = ''] = id.split(':');
        return { tenantId, subject, revokedAt: Not(IsNull()) };
      });
      const rows = await database.run((manager) => manager.findBy(RelayCredentialEntity, where), 'control');
      const facts = new Map<string, RevocationFact>();
      for (const { tenantId, subject, revokedAt } of rows)
        if (revokedAt !== null) facts.set(revocationId(tenantId, subject), { revokedAtMs: revokedAt.getTime() });
      return facts;
    });
  }
}
