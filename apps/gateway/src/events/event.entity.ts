import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintColumn, idColumn, timeColumn } from '../database/columns.ts';
import type { EventType } from './event-types.ts';

/** Something that happened, as it is reported: never changed, deleted after the retention time. */
@Entity('events')
export class EventEntity {
  @PrimaryColumn(idColumn())
  id!: string;

  @Column(idColumn({ name: 'tenant_id' }))
  tenantId!: string;

  @Column(idColumn())
  type!: EventType;

  /** What it happened to: events of one object are delivered in order. */
  @Column(idColumn({ name: 'object_id' }))
  objectId!: string;

  /** The event as the API and webhooks send it. */
  @Column({ type: 'json' })
  body!: EventBody;

  /** Identifies the reported fact, so that it is stored once, however many times it is written. */
  @Column({ ...idColumn(), type: 'text', nullable: true })
  once!: string | null;

  @Column(timeColumn({ name: 'created_at' }))
  createdAt!: Date;

  /** An `xid8`: see the event clock. */
  @Column({ type: 'text', insert: false, update: false })
  transaction!: string;

  /** Given by the database. */
  @Column(bigintColumn({ insert: false, update: false }))
  position!: number;
}

/** The envelope of an event. */
export interface EventBody {
  readonly id: string;
  readonly type: EventType;
  readonly api_version: 'v1';
  readonly created_at: string;
  readonly tenant_id: string;
  readonly data: { readonly object: Readonly<Record<string, unknown>> };
  readonly previous_attributes?: Readonly<Record<string, unknown>>;
}
