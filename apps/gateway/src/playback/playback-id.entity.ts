import { Column, Entity, PrimaryColumn } from 'typeorm';
import { idColumn, timeColumn } from '../database/columns.ts';
import type { PlaybackPolicy } from '../known/facts.ts';

@Entity('playback_ids')
export class PlaybackIdEntity {
  @PrimaryColumn(idColumn())
  id!: string;

  @Column(idColumn({ name: 'tenant_id' }))
  tenantId!: string;

  @Column(idColumn({ name: 'live_stream_id' }))
  liveStreamId!: string;

  @Column({ type: 'text' })
  policy!: PlaybackPolicy;

  @Column(timeColumn({ name: 'created_at' }))
  createdAt!: Date;
}
