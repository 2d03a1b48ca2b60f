import { Column, Entity, PrimaryColumn } from 'typeorm';
import { idColumn, timeColumn } from '../database/columns.ts';

@Entity('api_keys')
export class ApiKeyEntity {
  @PrimaryColumn(idColumn())
  id!: string;

  /** Null: the operator's key, which reaches every tenant. */
  @Column(idColumn({ name: 'tenant_id', nullable: true }))
  tenantId!: string | null;

  /** The keyed hash of the secret; the secret itself is kept nowhere. */
  @Column({ type: 'bytea' })
  hash!: Buffer;

  /** The last characters of the secret, so that people can tell their keys apart. */
  @Column({ type: 'text' })
  hint!: string;

  @Column({ type: 'text' })
  label!: string;

  @Column(timeColumn({ name: 'created_at' }))
  createdAt!: Date;

  @Column(timeColumn({ name: 'updated_at' }))
  updatedAt!: Date;

  @Column(timeColumn({ name: 'expires_at', nullable: true }))
  expiresAt!: Date | null;

  /** What it may do: see `SCOPES`. */
  @Column({ type: 'text', array: true })
  scopes!: string[];

  /** Ranges that requests must come from; none: from everywhere. */
  @Column({ name: 'allowed_addresses', type: 'text', array: true })
  allowedAddresses!: string[];

  @Column(timeColumn({ name: 'last_used_at', nullable: true }))
  lastUsedAt!: Date | null;

  @Column({ name: 'last_used_address', type: 'text', nullable: true })
  lastUsedAddress!: string | null;
}
