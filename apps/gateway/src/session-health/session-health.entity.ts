import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintColumn, idColumn, timeColumn } from '../database/columns.ts';

/** What a session was sent in one step. */
@Entity('session_health')
export class SessionHealthEntity {
  @PrimaryColumn(idColumn({ name: 'session_id' }))
  sessionId!: string;

  @PrimaryColumn({ name: 'step_seconds', type: 'integer' })
  stepSeconds!: number;

  /** Where the step begins. */
  @PrimaryColumn(timeColumn())
  at!: Date;

  /** How many measurements it is made of. */
  @Column({ type: 'integer' })
  samples!: number;

  @Column({ name: 'video_bits_per_second', type: 'double precision' })
  videoBitsPerSecond!: number;

  @Column({ name: 'audio_bits_per_second', type: 'double precision' })
  audioBitsPerSecond!: number;

  @Column({ name: 'frame_rate', type: 'double precision' })
  frameRate!: number;

  @Column({ name: 'keyframe_interval_ms', type: 'double precision', nullable: true })
  keyframeIntervalMs!: number | null;

  @Column({ name: 'drift_ms', type: 'double precision', nullable: true })
  driftMs!: number | null;

  @Column(bigintColumn({ name: 'dropped_frames' }))
  droppedFrames!: number;

  @Column(bigintColumn({ name: 'held_frames' }))
  heldFrames!: number;

  @Column(bigintColumn({ name: 'timestamp_jumps' }))
  timestampJumps!: number;

  @Column({ type: 'integer', nullable: true })
  viewers!: number | null;
}

/** How far the health of all sessions is written, in steps of this length. */
@Entity('session_health_progress')
export class SessionHealthProgressEntity {
  @PrimaryColumn({ name: 'step_seconds', type: 'integer' })
  stepSeconds!: number;

  @Column(timeColumn({ name: 'written_until' }))
  writtenUntil!: Date;
}
