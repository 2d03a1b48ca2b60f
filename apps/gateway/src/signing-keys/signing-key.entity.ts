import { Column, Entity, PrimaryColumn } from 'typeorm';
import { idColumn, timeColumn } from '../database/columns.ts';

/** Signs a tenant's join tokens and relay credentials. */
@Entity('signing_keys')
export class SigningKeyEntity {
  @PrimaryColumn(idColumn())
  id!: string;

  @Column(idColumn({ name: 'tenant_id' }))
  tenantId!: string;

  /** The secret, encrypted: it is needed to check a signature, so a hash would not do. */
  @Column({ type: 'bytea' })
  sealed!: Buffer;

  @Column({ type: 'text' })
  hint!: string;

  @Column({ type: 'text' })
  label!: string;

  @Column(timeColumn({ name: 'created_at' }))
  createdAt!: Date;

  @Column(timeColumn({ name: 'revoked_at', nullable: true }))
  revokedAt!: Date | null;

  @Column(timeColumn({ name: 'last_used_at', nullable: true }))
  lastUsedAt!: Date | null;
}
