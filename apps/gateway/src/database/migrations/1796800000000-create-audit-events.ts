import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who changed what through REST. No row refers to a tenant: who deleted one must still be told. */
export class CreateAuditEvents1796800000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE audit_events');
  }
}

const STATEMENTS = [
  `CREATE TABLE audit_events (
     id text COLLATE "C" PRIMARY KEY,
     tenant_id text COLLATE "C",
     action text COLLATE "C" NOT NULL,
     object_id text COLLATE "C",
     actor_type text NOT NULL CHECK (actor_type IN ('operator_key', 'api_key', 'user')),
     actor_id text COLLATE "C",
     actor_name text,
     address text NOT NULL,
     request_id text NOT NULL,
     before json,
     after json,
     created_at timestamptz NOT NULL)`,
  `CREATE INDEX audit_events_by_tenant ON audit_events (tenant_id, id)`,
  `CREATE INDEX audit_events_by_object ON audit_events (object_id, id)`,
  `CREATE INDEX audit_events_by_actor ON audit_events (actor_id, id)`,
  `CREATE INDEX audit_events_by_time ON audit_events (created_at)`,
];
