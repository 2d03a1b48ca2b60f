import { Column, Entity, PrimaryColumn } from 'typeorm';
import { timeColumn } from '../database/columns.ts';

/** A log-in at the identity provider that has begun: its row is deleted by the answer, so that one is accepted once. */
@Entity('oidc_logins')
export class OidcLoginEntity {
  /** The keyed hash of what the browser's cookie contains. */
  @PrimaryColumn({ type: 'bytea' })
  hash!: Buffer;

  @Column(timeColumn({ name: 'expires_at' }))
  expiresAt!: Date;
}
