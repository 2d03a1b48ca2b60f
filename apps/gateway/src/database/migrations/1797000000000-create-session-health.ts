import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What encoders sent, in steps of a minute and, when it is older, of five; and which warnings of a session are over.
 *
 * `number` counts the changes that one publisher has reported: what comes late, or twice, changes nothing.
 */
export class CreateSessionHealth1797000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX events_by_session');
    await runner.query(
      'ALTER TABLE session_warnings DROP COLUMN epoch, DROP COLUMN number, DROP COLUMN since, DROP COLUMN recovered_at',
    );
    for (const table of ['session_health_progress', 'session_health']) await runner.query(`DROP TABLE ${table}`);
  }
}

const STATEMENTS = [
  `CREATE TABLE session_health (
     session_id text COLLATE "C" NOT NULL REFERENCES sessions ON DELETE CASCADE,
     step_seconds integer NOT NULL,
     at timestamptz NOT NULL,
     samples integer NOT NULL,
     video_bits_per_second double precision NOT NULL,
     audio_bits_per_second double precision NOT NULL,
     frame_rate double precision NOT NULL,
     keyframe_interval_ms double precision,
     drift_ms double precision,
     dropped_frames bigint NOT NULL,
     held_frames bigint NOT NULL,
     timestamp_jumps bigint NOT NULL,
     viewers integer,
     PRIMARY KEY (session_id, step_seconds, at))`,
  `CREATE INDEX session_health_by_time ON session_health (step_seconds, at)`,
  `CREATE TABLE session_health_progress (
     step_seconds integer PRIMARY KEY,
     written_until timestamptz NOT NULL)`,
  `ALTER TABLE session_warnings
     ADD COLUMN epoch bigint,
     ADD COLUMN number integer,
     ADD COLUMN since timestamptz,
     ADD COLUMN recovered_at timestamptz`,
  `CREATE INDEX events_by_session ON events ((body #>> '{data,object,session_id}'), id)
     WHERE body #>> '{data,object,session_id}' IS NOT NULL`,
];
