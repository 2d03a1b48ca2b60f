import { Column, Entity, PrimaryColumn } from 'typeorm';
import { idColumn, timeColumn } from '../database/columns.ts';

/** What happens to a publisher when the endpoint gives no decision. */
export type OnFailure = 'refuse' | 'allow';

/** The endpoint that decides for a tenant who may publish. */
@Entity('publish_authorizers')
export class PublishAuthorizerEntity {
  @PrimaryColumn(idColumn({ name: 'tenant_id' }))
  tenantId!: string;

  @Column({ type: 'text' })
  url!: string;

  @Column({ name: 'on_failure', type: 'text' })
  onFailure!: OnFailure;

  /** The secret that requests are signed with, encrypted. */
  @Column({ type: 'bytea' })
  sealed!: Buffer;

  /** The secret before it, as long as requests are signed with both. */
  @Column({ name: 'previous_sealed', type: 'bytea', nullable: true })
  previousSealed!: Buffer | null;

  @Column(timeColumn({ name: 'previous_expires_at', nullable: true }))
  previousExpiresAt!: Date | null;

  @Column(timeColumn({ name: 'created_at' }))
  createdAt!: Date;

  @Column(timeColumn({ name: 'updated_at' }))
  updatedAt!: Date;
}
