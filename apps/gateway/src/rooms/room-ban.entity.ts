import type { BanKind } from '@millrace/domain';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { idColumn, timeColumn } from '../database/columns.ts';

/** A ban from a room: of an identity, or of a guest's token. */
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
