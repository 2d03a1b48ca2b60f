import type { RoomType } from '@millrace/domain';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintColumn, idColumn, timeColumn } from '../database/columns.ts';

@Entity('rooms')
export class RoomEntity {
  @PrimaryColumn(idColumn())
  id!: string;

  @Column(idColumn({ name: 'tenant_id' }))
  tenantId!: string;

  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'text' })
  type!: RoomType;

  @Column({ name: 'max_participants', type: 'integer' })
  maxParticipants!: number;

  @Column({ type: 'boolean' })
  locked!: boolean;

  @Column(timeColumn({ name: 'created_at' }))
  createdAt!: Date;

  /** Grows with each change, so that of two reports the newer one is known. */
  @Column(timeColumn({ name: 'updated_at' }))
  updatedAt!: Date;

  /** When a participant last joined the empty room. */
  @Column(timeColumn({ name: 'started_at', nullable: true }))
  startedAt!: Date | null;

  /** When it was last empty for good. */
  @Column(timeColumn({ name: 'finished_at', nullable: true }))
  finishedAt!: Date | null;

  /** When it was ended by REST: no one can join it again. */
  @Column(timeColumn({ name: 'ended_at', nullable: true }))
  endedAt!: Date | null;

  /** How often its bans have changed. */
  @Column(bigintColumn({ name: 'bans_version' }))
  bansVersion!: number;
}
