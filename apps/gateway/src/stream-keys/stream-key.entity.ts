import { Column, Entity, PrimaryColumn } from 'typeorm';
import { idColumn, timeColumn } from '../database/columns.ts';

@Entity('stream_keys')
export class StreamKeyEntity {
  @PrimaryColumn(idColumn())
  id!: string;

  @Column(idColumn({ name: 'tenant_id' }))
  tenantId!: string;

  @Column(idColumn({ name: 'live_stream_id' }))
  liveStreamId!: string;

  /** The keyed hash of the secret: what a key is found by. */
  @Column({ type: 'bytea' })
  hash!: Buffer;

  /** The secret, sealed, for encoders that prove it by a digest; null for keys that were made before these were kept. */
  @Column({ type: 'bytea', nullable: true })
  sealed!: Buffer | null;

  /** Sealed; null for a key without one. */
  @Column({ name: 'srt_passphrase', type: 'bytea', nullable: true })
  srtPassphrase!: Buffer | null;

  /** The source that publishes with it; null for a key of encoders. */
  @Column(idColumn({ name: 'ingest_source_id', nullable: true }))
  ingestSourceId!: string | null;

  @Column({ type: 'text' })
  hint!: string;

  @Column({ type: 'text' })
  label!: string;

  /** Ranges that encoders must come from; none: from everywhere. */
  @Column({ name: 'allowed_addresses', type: 'text', array: true })
  allowedAddresses!: string[];

  @Column(timeColumn({ name: 'created_at' }))
  createdAt!: Date;

  /** Set by rotation: the end of the grace period. */
  @Column(timeColumn({ name: 'expires_at', nullable: true }))
  expiresAt!: Date | null;

  @Column(timeColumn({ name: 'revoked_at', nullable: true }))
  revokedAt!: Date | null;

  @Column(timeColumn({ name: 'last_used_at', nullable: true }))
  lastUsedAt!: Date | null;
}
