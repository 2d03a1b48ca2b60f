import { Column, Entity, PrimaryColumn } from 'typeorm';
import { idColumn, timeColumn } from '../database/columns.ts';

/** A viewer whose sessions up to a version are over. */
@Entity('viewer_revocations')
export class ViewerRevocationEntity {
  @PrimaryColumn(idColumn({ name: 'tenant_id' }))
  tenantId!: string;

  @PrimaryColumn(idColumn({ name: 'viewer_id' }))
  viewerId!: string;

  @Column({ name: 'version_lte', type: 'integer' })
  versionLte!: number;

  /** By the clock of the database. */
  @Column(timeColumn({ name: 'revoked_at' }))
  revokedAt!: Date;
}
