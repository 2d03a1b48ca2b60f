import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Endpoints of tenants that decide who may publish. */
export class CreatePublishAuthorizers1796400000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE publish_authorizers (
         tenant_id text COLLATE "C" PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
         url text NOT NULL,
         on_failure text NOT NULL CHECK (on_failure IN ('refuse', 'allow')),
         sealed bytea NOT NULL,
         previous_sealed bytea,
         previous_expires_at timestamptz,
         created_at timestamptz NOT NULL,
         updated_at timestamptz NOT NULL)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE publish_authorizers');
  }
}
