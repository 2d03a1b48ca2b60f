import { Injectable, Module } from '@nestjs/common';
import { In, IsNull } from 'typeorm';
import { Database } from '../database/database.ts';
import { DatabaseModule } from '../database/database.module.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { KnownModule } from '../known/known.module.ts';
import { TenantDependents } from '../tenants/tenant-dependents.ts';
import { TenantsModule } from '../tenants/tenants.module.ts';
import { PlaybackKeyEntity } from './playback-key.entity.ts';
import { PlaybackKeysController } from './playback-keys.controller.ts';
import { PlaybackKeysService } from './playback-keys.service.ts';

/** What is remembered of a tenant's playback keys: those in force. */
@Injectable()
class PlaybackKeyFactReader {
  constructor(known: KnownFacts, database: Database, dependents: TenantDependents) {
    dependents.add({ onDeleted: (tenantId) => known.changed('playbackKeys', tenantId) });
    known.readBy('playbackKeys', async (tenantIds) => {
      const where = { tenantId: In([...tenantIds]), revokedAt: IsNull() };
      const rows = await database.run((manager) => manager.findBy(PlaybackKeyEntity, where), 'control');
      const byTenant = Map.groupBy(rows, ({ tenantId }) => tenantId);
      return new Map(
        [...byTenant].map(([tenantId, keys]) => [
          tenantId,
          { keys: keys.map(({ id, algorithm, publicJwk }) => ({ id, algorithm, jwk: publicJwk })) },
        ]),
      );
    });
  }
}

@Module({
  imports: [DatabaseModule.withEntities(PlaybackKeyEntity), KnownModule, TenantsModule],
  controllers: [PlaybackKeysController],
  providers: [PlaybackKeysService, PlaybackKeyFactReader],
})
export class PlaybackKeysModule {}
