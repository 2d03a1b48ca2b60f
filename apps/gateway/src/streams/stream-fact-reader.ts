// What is remembered of live streams.
import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { Database } from '../database/database.ts';
import type { StreamFact } from '../known/facts.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { LiveStreamEntity } from './live-stream.entity.ts';

@Injectable()
export class StreamFactReader {
  constructor(known: KnownFacts, database: Database) {
    known.readBy('streams', async (ids) => {
      const rows = await database.run((manager) => manager.findBy(LiveStreamEntity, { id: In([...ids]) }), 'control');
      return new Map(rows.map((row) => [row.id, streamFactOf(row)]));
    });
  }
}

export const streamFactOf = (row: LiveStreamEntity): StreamFact => ({
  enabled: row.enabled,
  segmentTargetMs: row.segmentTargetMs,
  windowMs: row.windowMs,
  reconnectWindowMs: row.reconnectWindowMs,
  secondPublisher: row.secondPublisher,
  ...(row.latencyMode === 'low' && { partDurationMs: row.partDurationMs }),
  name: row.name,
  ...(row.encryption === 'aes-128' && { keyRotationSegments: row.keyRotationSegments }),
  ...(row.audioTracks.length > 0 && { audioTracks: [...row.audioTracks] }),
});
