import { Column, Entity, PrimaryColumn } from 'typeorm';
import { idColumn, timeColumn } from '../database/columns.ts';

export type LinkKind = 'login' | 'invitation' | 'password_reset';

/** A link that works once: its row is deleted by its use. One of user and key is set. */
@Entity('one_time_links')
export class OneTimeLinkEntity {
  /** The keyed hash of what the link contains. */
  @PrimaryColumn({ type: 'bytea' })
  hash!: Buffer;

  @Column({ type: 'text' })
  kind!: LinkKind;

  @Column(idColumn({ name: 'user_id', nullable: true }))
  userId!: string | null;

  @Column(idColumn({ name: 'api_key_id', nullable: true }))
  apiKeyId!: string | null;

  @Column({ name: 'operator_key_hash', type: 'bytea', nullable: true })
  operatorKeyHash!: Buffer | null;

  @Column(timeColumn({ name: 'expires_at' }))
  expiresAt!: Date;
}
