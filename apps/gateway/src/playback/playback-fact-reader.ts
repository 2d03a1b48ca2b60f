// What is remembered of playback ids.
import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { Database } from '../database/database.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { PlaybackIdEntity } from './playback-id.entity.ts';

@Injectable()
export class PlaybackFactReader {
  constructor(known: KnownFacts, database: Database) {
    known.readBy('playback', async (ids) => {
      const rows = await database.run((manager) => manager.findBy(PlaybackIdEntity, { id: In([...ids]) }), 'control');
      return new Map(
        rows.map(({ id, tenantId, liveStreamId, policy }) => [id, { tenantId, streamId: liveStreamId, policy }]),
      );
    });
  }
}
