import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What sessions warned of. `track` is empty for what concerns the stream as a whole, so that it can be part of the key. */
export class CreateSessionWarnings1796000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE session_warnings (
       session_id text COLLATE "C" NOT NULL REFERENCES sessions ON DELETE CASCADE,
       code text COLLATE "C" NOT NULL,
       track text NOT NULL CHECK (track IN ('', 'video', 'audio')),
       message text NOT NULL,
       first_at timestamptz NOT NULL,
       PRIMARY KEY (session_id, code, track))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE session_warnings');
  }
}
