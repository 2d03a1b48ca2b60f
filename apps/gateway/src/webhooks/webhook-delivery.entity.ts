import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintColumn, idColumn, timeColumn } from '../database/columns.ts';

export type DeliveryStatus = 'pending' | 'succeeded' | 'failed';

/** The delivery of one event to one endpoint. */
@Entity('webhook_deliveries')
export class WebhookDeliveryEntity {
  @PrimaryColumn(idColumn())
  id!: string;

  @Column(idColumn({ name: 'tenant_id' }))
  tenantId!: string;

  @Column(idColumn({ name: 'endpoint_id' }))
  endpointId!: string;

  @Column(idColumn({ name: 'event_id' }))
  eventId!: string;

  @Column(idColumn({ name: 'event_type' }))
  eventType!: string;

  @Column(idColumn({ name: 'object_id' }))
  objectId!: string;

  /** That of the event: deliveries of one object go out in this order. */
  @Column(bigintColumn())
  position!: number;

  @Column({ type: 'text' })
  status!: DeliveryStatus;

  /** How many attempts have begun. */
  @Column({ type: 'integer' })
  attempts!: number;

  @Column(timeColumn({ name: 'next_attempt_at', nullable: true }))
  nextAttemptAt!: Date | null;

  @Column({ name: 'last_status_code', type: 'integer', nullable: true })
  lastStatusCode!: number | null;

  @Column({ name: 'last_error', type: 'text', nullable: true })
  lastError!: string | null;

  @Column(timeColumn({ name: 'created_at' }))
  createdAt!: Date;

  @Column(timeColumn({ name: 'finished_at', nullable: true }))
  finishedAt!: Date | null;
}

/** One request to an endpoint, and what came back. */
@Entity('webhook_attempts')
export class WebhookAttemptEntity {
  @PrimaryColumn(idColumn({ name: 'delivery_id' }))
  deliveryId!: string;

  @PrimaryColumn({ type: 'integer' })
  attempt!: number;

  @Column(timeColumn({ name: 'started_at' }))
  startedAt!: Date;

  @Column({ name: 'duration_ms', type: 'integer' })
  durationMs!: number;

  @Column({ type: 'text' })
  url!: string;

  /** The address of the connection. */
  @Column({ type: 'text', nullable: true })
  address!: string | null;

  @Column({ name: 'status_code', type: 'integer', nullable: true })
  statusCode!: number | null;

  /** The beginning of the answer. */
  @Column({ name: 'response_body', type: 'text' })
  responseBody!: string;

  @Column({ type: 'text', nullable: true })
  error!: string | null;
}
