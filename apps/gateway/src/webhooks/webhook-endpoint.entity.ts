import { Column, Entity, PrimaryColumn } from 'typeorm';
import { idColumn, timeColumn } from '../database/columns.ts';

export type DisabledReason = 'request' | 'failing' | 'gone';

/** Where a tenant wants its events sent. */
@Entity('webhook_endpoints')
export class WebhookEndpointEntity {
  @PrimaryColumn(idColumn())
  id!: string;

  @Column(idColumn({ name: 'tenant_id' }))
  tenantId!: string;

  @Column({ type: 'text' })
  url!: string;

  @Column({ type: 'text' })
  description!: string;

  /** Filters of event types. */
  @Column({ name: 'event_types', type: 'text', array: true })
  eventTypes!: string[];

  /** The secret that signs deliveries, encrypted. */
  @Column({ type: 'bytea' })
  sealed!: Buffer;

  /** The previous secret, while deliveries are signed with both. */
  @Column({ name: 'previous_sealed', type: 'bytea', nullable: true })
  previousSealed!: Buffer | null;

  @Column(timeColumn({ name: 'previous_expires_at', nullable: true }))
  previousExpiresAt!: Date | null;

  @Column({ type: 'boolean' })
  enabled!: boolean;

  @Column({ name: 'disabled_reason', type: 'text', nullable: true })
  disabledReason!: DisabledReason | null;

  /** Since when every attempt has failed. */
  @Column(timeColumn({ name: 'failing_since', nullable: true }))
  failingSince!: Date | null;

  @Column(timeColumn({ name: 'created_at' }))
  createdAt!: Date;

  @Column(timeColumn({ name: 'updated_at' }))
  updatedAt!: Date;
}
