import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Actor } from '../auth/principal.ts';
import { idColumn, timeColumn } from '../database/columns.ts';

/** Who changed what through REST: never changed, deleted after the retention time. It outlives what it tells of. */
@Entity('audit_events')
export class AuditEventEntity {
  @PrimaryColumn(idColumn())
  id!: string;

  /** Null: of no tenant. */
  @Column(idColumn({ name: 'tenant_id', nullable: true }))
  tenantId!: string | null;

  @Column(idColumn())
  action!: string;

  @Column(idColumn({ name: 'object_id', nullable: true }))
  objectId!: string | null;

  @Column({ name: 'actor_type', type: 'text' })
  actorType!: Actor['type'];

  @Column(idColumn({ name: 'actor_id', nullable: true }))
  actorId!: string | null;

  /** As it was called then. */
  @Column({ name: 'actor_name', type: 'text', nullable: true })
  actorName!: string | null;

  @Column({ type: 'text' })
  address!: string;

  @Column({ name: 'request_id', type: 'text' })
  requestId!: string;

  @Column({ type: 'json', nullable: true })
  before!: Readonly<Record<string, unknown>> | null;

  @Column({ type: 'json', nullable: true })
  after!: Readonly<Record<string, unknown>> | null;

  @Column(timeColumn({ name: 'created_at' }))
  createdAt!: Date;
}
