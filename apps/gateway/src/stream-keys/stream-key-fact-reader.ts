// What is remembered of stream keys, by the hash of their secret and by their id.
import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { Database } from '../database/database.ts';
import type { KeyFact, LoginFact } from '../known/facts.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { StreamKeyEntity } from './stream-key.entity.ts';

@Injectable()
export class StreamKeyFactReader {
  constructor(known: KnownFacts, database: Database) {
    known.readBy('keys', async (hashes) => {
      const where = { hash: In(hashes.map((hash) => Buffer.from(hash, 'hex'))) };
      const rows = await database.run((manager) => manager.findBy(StreamKeyEntity, where), 'control');
      return new Map(rows.map((row) => [row.hash.toString('hex'), keyFactOf(row)]));
    });
    known.readBy('logins', async (ids) => {
      const rows = await database.run((manager) => manager.findBy(StreamKeyEntity, { id: In([...ids]) }), 'control');
      return new Map(rows.map((row) => [row.id, loginFactOf(row)]));
    });
  }
}

export const keyFactOf = (row: StreamKeyEntity): KeyFact => ({
  streamKeyId: row.id,
  tenantId: row.tenantId,
  streamId: row.liveStreamId,
  expiresAtMs: row.expiresAt?.getTime() ?? null,
  revoked: row.revokedAt !== null,
  // A release before this one reads facts of keys without restrictions as its own.
  ...(row.allowedAddresses.length > 0 && { allowedAddresses: row.allowedAddresses }),
  ...(row.ingestSourceId !== null && { ingestSourceId: row.ingestSourceId }),
});

const loginFactOf = ({ hash, sealed, srtPassphrase }: StreamKeyEntity): LoginFact => ({
  hash: hash.toString('hex'),
  sealed: sealed?.toString('base64') ?? null,
  ...(srtPassphrase !== null && { srtPassphrase: srtPassphrase.toString('base64') }),
});
