// What is remembered of tenants.
import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { Database } from '../database/database.ts';
import type { TenantFact } from '../known/facts.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { TenantEntity } from './tenant.entity.ts';

@Injectable()
export class TenantFactReader {
  constructor(known: KnownFacts, database: Database) {
    known.readBy('tenants', async (ids) => {
      const rows = await database.run((manager) => manager.findBy(TenantEntity, { id: In([...ids]) }), 'control');
      return new Map(rows.map((row) => [row.id, tenantFactOf(row)]));
    });
  }
}

export const tenantFactOf = (row: TenantEntity): TenantFact => ({
  suspended: row.status === 'suspended',
  maxLiveStreams: row.maxLiveStreams,
  maxRooms: row.maxRooms,
  maxParticipants: row.maxParticipants,
  maxRelayAllocations: row.maxRelayAllocations,
  maxRelayBitsPerSecond: row.maxRelayBitsPerSecond,
  maxIngestBitsPerSecond: row.maxIngestBitsPerSecond,
  maxEgressBytesPerMonth: row.maxEgressBytesPerMonth,
  maxViewers: row.maxViewers,
  maxViewersPerStream: row.maxViewersPerStream,
  requireSignedPlayback: row.requireSignedPlayback,
});
