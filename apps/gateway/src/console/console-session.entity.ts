import { Column, Entity, PrimaryColumn } from 'typeorm';
import { idColumn, timeColumn } from '../database/columns.ts';

/** Who is logged in: a user, or a browser that was given an API key. One of the three is set. */
@Entity('console_sessions')
export class ConsoleSessionEntity {
  @PrimaryColumn(idColumn())
  id!: string;

  /** The keyed hash of the token; the token itself is in the browser alone. */
  @Column({ type: 'bytea' })
  hash!: Buffer;

  /** Null: an operator's. */
  @Column(idColumn({ name: 'tenant_id', nullable: true }))
  tenantId!: string | null;

  @Column(idColumn({ name: 'user_id', nullable: true }))
  userId!: string | null;

  @Column(idColumn({ name: 'api_key_id', nullable: true }))
  apiKeyId!: string | null;

  /** Of the operator's key of the settings, which has no row: another key there ends the session. */
  @Column({ name: 'operator_key_hash', type: 'bytea', nullable: true })
  operatorKeyHash!: Buffer | null;

  /** Where it was last used from. */
  @Column({ type: 'text' })
  address!: string;

  @Column({ name: 'user_agent', type: 'text', nullable: true })
  userAgent!: string | null;

  @Column(timeColumn({ name: 'created_at' }))
  createdAt!: Date;

  @Column(timeColumn({ name: 'last_used_at' }))
  lastUsedAt!: Date;

  /** However much it is used. */
  @Column(timeColumn({ name: 'expires_at' }))
  expiresAt!: Date;
}
