import { Injectable, Module } from '@nestjs/common';
import { In } from 'typeorm';
import { Database } from '../database/database.ts';
import { DatabaseModule } from '../database/database.module.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { KnownModule } from '../known/known.module.ts';
import { TenantsModule } from '../tenants/tenants.module.ts';
import { PlaybackRestrictionEntity } from './playback-restriction.entity.ts';
import { PlaybackRestrictionsController } from './playback-restrictions.controller.ts';
import { PlaybackRestrictionsService } from './playback-restrictions.service.ts';

/** What is remembered of playback restrictions. */
@Injectable()
class PlaybackRestrictionFactReader {
  constructor(known: KnownFacts, database: Database) {
    known.readBy('playbackRestrictions', async (ids) => {
      const where = { id: In([...ids]) };
      const rows = await database.run((manager) => manager.findBy(PlaybackRestrictionEntity, where), 'control');
      return new Map(
        rows.map(({ id, tenantId, ...row }) => [
          id,
          {
            tenantId,
            allowedOrigins: row.allowedOrigins,
            allowedAddresses: row.allowedAddresses,
            allowedCountries: row.allowedCountries,
            deniedCountries: row.deniedCountries,
            deniedUserAgents: row.deniedUserAgents,
            strict: row.strict,
          },
        ]),
      );
    });
  }
}

@Module({
  imports: [DatabaseModule.withEntities(PlaybackRestrictionEntity), KnownModule, TenantsModule],
  controllers: [PlaybackRestrictionsController],
  providers: [PlaybackRestrictionsService, PlaybackRestrictionFactReader],
})
export class PlaybackRestrictionsModule {}
