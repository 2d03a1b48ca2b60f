import { Column, Entity, PrimaryColumn } from 'typeorm';
import { idColumn, timeColumn } from '../database/columns.ts';
import type { PlaybackAlgorithm, PublicJwk } from '../known/facts.ts';

/** Checks a tenant's playback tokens. Only the public key is kept. */
@Entity('playback_keys')
export class PlaybackKeyEntity {
  @PrimaryColumn(idColumn())
  id!: string;

  @Column(idColumn({ name: 'tenant_id' }))
  tenantId!: string;

  @Column({ type: 'text' })
  label!: string;

  @Column({ type: 'text' })
  algorithm!: PlaybackAlgorithm;

  @Column({ name: 'public_jwk', type: 'jsonb' })
  publicJwk!: PublicJwk;

  @Column({ type: 'text' })
  origin!: 'generated' | 'imported';

  @Column(timeColumn({ name: 'created_at' }))
  createdAt!: Date;

  @Column(timeColumn({ name: 'revoked_at', nullable: true }))
  revokedAt!: Date | null;

  @Column(timeColumn({ name: 'last_used_at', nullable: true }))
  lastUsedAt!: Date | null;
}
