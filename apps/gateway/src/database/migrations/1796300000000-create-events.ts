import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Events and their deliveries to webhooks. An event is written in the transaction of the change that it reports, so the table is the
 * outbox. `transaction` orders what readers follow: identifiers and positions are given before a commit, and commits overtake each
 * other; a reader that stops at the oldest running transaction skips nothing.
 */
export class CreateEvents1796300000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['webhook_attempts', 'webhook_deliveries', 'webhook_endpoints', 'events'])
      await runner.query(`DROP TABLE ${table}`);
  }
}

const STATEMENTS = [
  `CREATE TABLE events (
     id text COLLATE "C" PRIMARY KEY,
     tenant_id text COLLATE "C" NOT NULL REFERENCES tenants ON DELETE CASCADE,
     type text COLLATE "C" NOT NULL,
     object_id text COLLATE "C" NOT NULL,
     body json NOT NULL,
     once text COLLATE "C" UNIQUE,
     created_at timestamptz NOT NULL,
     transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
     position bigint GENERATED ALWAYS AS IDENTITY)`,
  `CREATE INDEX events_by_tenant ON events (tenant_id, id)`,
  `CREATE INDEX events_by_object ON events (tenant_id, object_id, id)`,
  `CREATE INDEX events_to_follow ON events (tenant_id, transaction, position)`,
  `CREATE INDEX events_of_all_to_follow ON events (transaction, position)`,
  `CREATE INDEX events_by_time ON events (created_at)`,
  `CREATE TABLE webhook_endpoints (
     id text COLLATE "C" PRIMARY KEY,
     tenant_id text COLLATE "C" NOT NULL REFERENCES tenants ON DELETE CASCADE,
     url text NOT NULL,
     description text NOT NULL,
     event_types text[] COLLATE "C" NOT NULL,
     sealed bytea NOT NULL,
     previous_sealed bytea,
     previous_expires_at timestamptz,
     enabled boolean NOT NULL,
     disabled_reason text CHECK (disabled_reason IN ('request', 'failing', 'gone')),
     failing_since timestamptz,
     created_at timestamptz NOT NULL,
     updated_at timestamptz NOT NULL)`,
  `CREATE INDEX webhook_endpoints_by_tenant ON webhook_endpoints (tenant_id, id)`,
  `CREATE TABLE webhook_deliveries (
     id text COLLATE "C" PRIMARY KEY,
     tenant_id text COLLATE "C" NOT NULL,
     endpoint_id text COLLATE "C" NOT NULL REFERENCES webhook_endpoints ON DELETE CASCADE,
     event_id text COLLATE "C" NOT NULL REFERENCES events ON DELETE CASCADE,
     event_type text COLLATE "C" NOT NULL,
     object_id text COLLATE "C" NOT NULL,
     position bigint NOT NULL,
     status text NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
     attempts integer NOT NULL DEFAULT 0,
     next_attempt_at timestamptz,
     last_status_code integer,
     last_error text,
     created_at timestamptz NOT NULL,
     finished_at timestamptz)`,
  `CREATE INDEX webhook_deliveries_by_tenant ON webhook_deliveries (tenant_id, id)`,
  `CREATE INDEX webhook_deliveries_by_endpoint ON webhook_deliveries (endpoint_id, id)`,
  `CREATE INDEX webhook_deliveries_by_event ON webhook_deliveries (event_id)`,
  `CREATE INDEX webhook_deliveries_pending ON webhook_deliveries (endpoint_id, position) WHERE status = 'pending'`,
  `CREATE INDEX webhook_deliveries_in_order ON webhook_deliveries (endpoint_id, object_id, position) WHERE status = 'pending'`,
  `CREATE TABLE webhook_attempts (
     delivery_id text COLLATE "C" NOT NULL REFERENCES webhook_deliveries ON DELETE CASCADE,
     attempt integer NOT NULL,
     started_at timestamptz NOT NULL,
     duration_ms integer NOT NULL,
     url text NOT NULL,
     address text,
     status_code integer,
     response_body text NOT NULL,
     error text,
     PRIMARY KEY (delivery_id, attempt))`,
];
