import type { SessionMedia } from '@millrace/control';
import type { EncoderRole } from '@millrace/domain';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintColumn, idColumn, timeColumn } from '../database/columns.ts';

/** One broadcast: from the first publisher until the reconnect window ends without one. */
@Entity('sessions')
export class SessionEntity {
  @PrimaryColumn(idColumn())
  id!: string;

  @Column(idColumn({ name: 'tenant_id' }))
  tenantId!: string;

  @Column(idColumn({ name: 'live_stream_id' }))
  liveStreamId!: string;

  @Column(timeColumn({ name: 'started_at' }))
  startedAt!: Date;

  /** When viewers could watch: the first segment was listed. */
  @Column(timeColumn({ name: 'active_at', nullable: true }))
  activeAt!: Date | null;

  @Column(timeColumn({ name: 'ended_at', nullable: true }))
  endedAt!: Date | null;

  @Column({ type: 'integer', nullable: true })
  segments!: number | null;

  /** What viewers received: null until the first segment, and for sessions of earlier releases. */
  @Column({ type: 'jsonb', nullable: true })
  media!: SessionMedia | null;
}

/** One publisher connection within a session. */
@Entity('session_connections')
export class SessionConnectionEntity {
  @PrimaryColumn(idColumn({ name: 'session_id' }))
  sessionId!: string;

  @PrimaryColumn(bigintColumn())
  epoch!: number;

  @Column(idColumn({ name: 'stream_key_id' }))
  streamKeyId!: string;

  @Column({ name: 'edge_id', type: 'text' })
  edgeId!: string;

  @Column({ type: 'text' })
  role!: EncoderRole;

  @Column({ type: 'text', nullable: true })
  protocol!: string | null;

  @Column({ type: 'text', nullable: true })
  encoder!: string | null;

  @Column({ name: 'client_address', type: 'text', nullable: true })
  clientAddress!: string | null;

  @Column(timeColumn({ name: 'started_at' }))
  startedAt!: Date;

  @Column(timeColumn({ name: 'ended_at', nullable: true }))
  endedAt!: Date | null;

  @Column({ name: 'end_reason', type: 'text', nullable: true })
  endReason!: string | null;

  @Column(bigintColumn({ nullable: true }))
  bytes!: number | null;

  @Column(bigintColumn({ name: 'video_frames', nullable: true }))
  videoFrames!: number | null;

  @Column(bigintColumn({ name: 'audio_frames', nullable: true }))
  audioFrames!: number | null;
}

/** Something that is wrong with what a session was sent. */
@Entity('session_warnings')
export class SessionWarningEntity {
  @PrimaryColumn(idColumn({ name: 'session_id' }))
  sessionId!: string;

  @PrimaryColumn(idColumn())
  code!: string;

  /** Empty for what concerns the stream as a whole. */
  @PrimaryColumn({ type: 'text' })
  track!: 'video' | 'audio' | '';

  @Column({ type: 'text' })
  message!: string;

  @Column(timeColumn({ name: 'first_at' }))
  firstAt!: Date;

  /** Of the publisher whose warning it was last; null: an edge of an older release reported it. */
  @Column(bigintColumn({ nullable: true }))
  epoch!: number | null;

  /** The newest change that this publisher has reported. */
  @Column({ type: 'integer', nullable: true })
  number!: number | null;

  /** When it began the last time. */
  @Column(timeColumn({ nullable: true }))
  since!: Date | null;

  /** When it was over. */
  @Column(timeColumn({ name: 'recovered_at', nullable: true }))
  recoveredAt!: Date | null;
}
