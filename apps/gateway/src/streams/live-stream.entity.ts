import type { AudioTrackName } from '@millrace/domain';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintColumn, idColumn, timeColumn } from '../database/columns.ts';

export const STREAM_ENCRYPTIONS = ['none', 'aes-128'] as const;
export type StreamEncryption = (typeof STREAM_ENCRYPTIONS)[number];

@Entity('live_streams')
export class LiveStreamEntity {
  @PrimaryColumn(idColumn())
  id!: string;

  @Column(idColumn({ name: 'tenant_id' }))
  tenantId!: string;

  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'boolean' })
  enabled!: boolean;

  @Column({ name: 'segment_target_ms', type: 'integer' })
  segmentTargetMs!: number;

  @Column({ name: 'window_ms', type: 'integer' })
  windowMs!: number;

  @Column({ name: 'reconnect_window_ms', type: 'integer' })
  reconnectWindowMs!: number;

  @Column({ name: 'latency_mode', type: 'text' })
  latencyMode!: 'standard' | 'low';

  /** With low latency: how long a part of a segment lasts at most. */
  @Column({ name: 'part_duration_ms', type: 'integer' })
  partDurationMs!: number;

  @Column({ name: 'second_publisher', type: 'text' })
  secondPublisher!: 'refuse' | 'takeover';

  /** Of its segments. */
  @Column({ type: 'text' })
  encryption!: StreamEncryption;

  /** How many segments have the same key. */
  @Column({ name: 'key_rotation_segments', type: 'integer' })
  keyRotationSegments!: number;

  /** What encoders are told to send at most, when they ask for a multitrack configuration. */
  @Column({ name: 'multitrack_max_tracks', type: 'integer' })
  multitrackMaxTracks!: number;

  @Column({ name: 'multitrack_max_height', type: 'integer' })
  multitrackMaxHeight!: number;

  @Column(bigintColumn({ name: 'multitrack_max_bits_per_second' }))
  multitrackMaxBitsPerSecond!: number;

  /** What its tracks of sound are called. */
  @Column({ name: 'audio_tracks', type: 'jsonb' })
  audioTracks!: readonly AudioTrackName[];

  /** Null: no limit. */
  @Column(bigintColumn({ name: 'max_duration_ms', nullable: true }))
  maxDurationMs!: number | null;

  /** What the tenant keeps with it. */
  @Column({ type: 'jsonb' })
  metadata!: Readonly<Record<string, string>>;

  @Column(timeColumn({ name: 'created_at' }))
  createdAt!: Date;

  @Column(timeColumn({ name: 'updated_at' }))
  updatedAt!: Date;
}
