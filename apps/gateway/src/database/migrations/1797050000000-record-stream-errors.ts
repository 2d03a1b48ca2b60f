import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The last problem of each live stream, and what viewers received in each session. */
export class RecordStreamErrors1797050000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE live_stream_errors (
         live_stream_id text COLLATE "C" PRIMARY KEY REFERENCES live_streams ON DELETE CASCADE,
         code text COLLATE "C" NOT NULL,
         detail text NOT NULL,
         session_id text COLLATE "C",
         at timestamptz NOT NULL)`,
    );
    await runner.query('ALTER TABLE sessions ADD media jsonb');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE sessions DROP media');
    await runner.query('DROP TABLE live_stream_errors');
  }
}
