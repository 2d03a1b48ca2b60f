import type { MigrationInterface, QueryRunner } from 'typeorm';

/** POST requests that may be repeated, and their answers. */
export class CreateIdempotencyKeys1796820000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE idempotency_keys');
  }
}

const STATEMENTS = [
  `CREATE TABLE idempotency_keys (
     owner text COLLATE "C" NOT NULL,
     route text COLLATE "C" NOT NULL,
     key text COLLATE "C" NOT NULL,
     request_hash bytea NOT NULL,
     attempt text COLLATE "C" NOT NULL,
     lease_until timestamptz NOT NULL,
     committed boolean NOT NULL DEFAULT false,
     status integer,
     location text,
     etag text,
     sealed bytea,
     holds_secret boolean NOT NULL DEFAULT false,
     created_at timestamptz NOT NULL,
     PRIMARY KEY (owner, route, key))`,
  `CREATE INDEX idempotency_keys_by_time ON idempotency_keys (created_at)`,
  `CREATE INDEX idempotency_keys_with_secrets ON idempotency_keys (created_at) WHERE holds_secret AND sealed IS NOT NULL`,
];
