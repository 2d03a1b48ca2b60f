import { Column, Entity, PrimaryColumn } from 'typeorm';
import { idColumn, timeColumn } from '../database/columns.ts';

/** A POST with an `Idempotency-Key`: running, or answered. */
@Entity('idempotency_keys')
export class IdempotencyKeyEntity {
  /** A tenant, or `operator`. */
  @PrimaryColumn(idColumn())
  owner!: string;

  @PrimaryColumn(idColumn())
  route!: string;

  @PrimaryColumn(idColumn())
  key!: string;

  /** The keyed hash of URL and body: a body may hold a password. */
  @Column({ name: 'request_hash', type: 'bytea' })
  requestHash!: Buffer;

  /** Which attempt runs. One that took too long, and was taken for dead, cannot commit any more. */
  @Column(idColumn())
  attempt!: string;

  @Column(timeColumn({ name: 'lease_until' }))
  leaseUntil!: Date;

  /** Set in the transaction of the change. From then on the request is never carried out again. */
  @Column({ type: 'boolean' })
  committed!: boolean;

  /** Null: not answered yet. */
  @Column({ type: 'integer', nullable: true })
  status!: number | null;

  @Column({ type: 'text', nullable: true })
  location!: string | null;

  @Column({ type: 'text', nullable: true })
  etag!: string | null;

  /** The body of the answer, sealed. */
  @Column({ type: 'bytea', nullable: true })
  sealed!: Buffer | null;

  /** Whether the body holds a secret, so that it is not kept for long. */
  @Column({ name: 'holds_secret', type: 'boolean' })
  holdsSecret!: boolean;

  @Column(timeColumn({ name: 'created_at' }))
  createdAt!: Date;
}
