import type { BanKind } from '@millrace/domain';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { idColumn, timeColumn } from '../database/columns.ts';

/** Whom a room does not let in again: an identity, or the token of a guest. */
@Entity('room_bans')
export class RoomBanEntity {
  @PrimaryColumn(idColumn())
  id!: string;

  @Column(idColumn({ name: 'room_id' }))
  roomId!: string;

  @Column({ type: 'text' })
  kind!: BanKind;

  @Column({ type: 'text' })
  subject!: string;

  /** Kind and subject as joins are compared with them (`banKey`). */
  @Column(idColumn())
  key!: string;

  /** What the participant was called. */
  @Column({ type: 'text' })
  name!: string;

  @Column(timeColumn({ name: 'created_at' }))
  createdAt!: Date;
}
