import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who was removed from a room and may not come back. The counter has a default: a gateway of the version before makes rooms too. */
export class CreateRoomBans1796200000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE room_bans');
    await runner.query('ALTER TABLE rooms DROP COLUMN bans_version');
  }
}

const STATEMENTS = [
  `ALTER TABLE rooms ADD COLUMN bans_version bigint NOT NULL DEFAULT 0`,
  `CREATE TABLE room_bans (
     id text COLLATE "C" PRIMARY KEY,
     room_id text COLLATE "C" NOT NULL REFERENCES rooms ON DELETE CASCADE,
     kind text NOT NULL CHECK (kind IN ('identity', 'token')),
     subject text NOT NULL,
     key text COLLATE "C" NOT NULL,
     name text NOT NULL,
     created_at timestamptz NOT NULL,
     UNIQUE (room_id, key))`,
];
