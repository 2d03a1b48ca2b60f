import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintColumn, idColumn, timeColumn } from '../database/columns.ts';

/** Another server that a live stream is sent to, and how that goes, as the edge of its publisher has reported it. */
@Entity('simulcast_targets')
export class SimulcastTargetEntity {
  @PrimaryColumn(idColumn())
  id!: string;

  @Column(idColumn({ name: 'tenant_id' }))
  tenantId!: string;

  @Column(idColumn({ name: 'live_stream_id' }))
  liveStreamId!: string;

  @Column({ type: 'text' })
  label!: string;

  /** Without secrets. */
  @Column({ type: 'text' })
  url!: string;

  /** `sealedText` of what is secret. */
  @Column({ type: 'bytea' })
  sealed!: Buffer;

  @Column({ type: 'boolean' })
  enabled!: boolean;

  @Column(timeColumn({ name: 'created_at' }))
  createdAt!: Date;

  @Column(timeColumn({ name: 'updated_at' }))
  updatedAt!: Date;

  /** As reported; null before the first report. */
  @Column({ type: 'text', nullable: true })
  state!: string | null;

  @Column(timeColumn({ name: 'reported_at', nullable: true }))
  reportedAt!: Date | null;

  /** Null: not now. */
  @Column(timeColumn({ name: 'connected_at', nullable: true }))
  connectedAt!: Date | null;

  @Column({ name: 'error_code', type: 'text', nullable: true })
  errorCode!: string | null;

  @Column({ name: 'error_message', type: 'text', nullable: true })
  errorMessage!: string | null;

  @Column(timeColumn({ name: 'error_at', nullable: true }))
  errorAt!: Date | null;

  /** When the first of the failures in a row was. */
  @Column(timeColumn({ name: 'error_since', nullable: true }))
  errorSince!: Date | null;

  /** The publisher that the newest report is of, what it was sent, and what all before it were sent. */
  @Column(bigintColumn({ nullable: true }))
  epoch!: number | null;

  @Column(bigintColumn({ name: 'epoch_bytes' }))
  epochBytes!: number;

  @Column(bigintColumn({ name: 'past_bytes' }))
  pastBytes!: number;
}
