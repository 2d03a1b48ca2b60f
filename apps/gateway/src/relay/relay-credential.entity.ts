import { Column, Entity, PrimaryColumn } from 'typeorm';
import { idColumn, timeColumn } from '../database/columns.ts';

/**
 * A relay credential that must be known by name: made by REST, or revoked. Those that tenants make themselves, and those of
 * participants, have no row as long as they are not revoked. Kept until it expires.
 */
@Entity('relay_credentials')
export class RelayCredentialEntity {
  @PrimaryColumn(idColumn({ name: 'tenant_id' }))
  tenantId!: string;

  @PrimaryColumn(idColumn())
  subject!: string;

  @Column(timeColumn({ name: 'created_at' }))
  createdAt!: Date;

  @Column(timeColumn({ name: 'expires_at' }))
  expiresAt!: Date;

  @Column(timeColumn({ name: 'revoked_at', nullable: true }))
  revokedAt!: Date | null;
}
