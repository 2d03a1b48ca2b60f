// The last problem of each live stream: an encoder that was refused, a warning, a connection that ended in an error.
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { idColumn, timeColumn } from '../database/columns.ts';

@Entity('live_stream_errors')
export class StreamErrorEntity {
  @PrimaryColumn(idColumn({ name: 'live_stream_id' }))
  liveStreamId!: string;

  @Column(idColumn())
  code!: string;

  @Column({ type: 'text' })
  detail!: string;

  /** Null: no session had begun. */
  @Column(idColumn({ name: 'session_id', nullable: true }))
  sessionId!: string | null;

  @Column(timeColumn())
  at!: Date;
}

/** Reports come late, or twice: the newest counts. A stream that was deleted meanwhile has none. */
export async function noteStreamError(
  manager: EntityManager,
  { liveStreamId, code, detail, sessionId, at }: StreamErrorEntity,
): Promise<void> {
  await manager.query(
    `INSERT INTO live_stream_errors AS known (live_stream_id, code, detail, session_id, at)
     SELECT id, $2, $3, $4, $5 FROM live_streams WHERE id = $1 FOR KEY SHARE
     ON CONFLICT (live_stream_id) DO UPDATE
     SET code = excluded.code, detail = excluded.detail, session_id = excluded.session_id, at = excluded.at
     WHERE known.at <= excluded.at`,
    [liveStreamId, code, detail, sessionId, at],
  );
}
