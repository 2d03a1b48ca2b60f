import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Rooms, the keys that sign join tokens and relay credentials, and the relay credentials that must be known by name. The quotas
 * have defaults in the table too: a gateway of the version before may make tenants while this one runs already.
 */
export class CreateRooms1795600000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['relay_credentials', 'rooms', 'signing_keys']) await runner.query(`DROP TABLE ${table}`);
    for (const column of QUOTAS) await runner.query(`ALTER TABLE tenants DROP COLUMN ${column}`);
  }
}

const QUOTAS = ['max_rooms', 'max_participants', 'max_relay_allocations', 'max_relay_bits_per_second'];

const STATEMENTS = [
  `ALTER TABLE tenants
     ADD COLUMN max_rooms integer NOT NULL DEFAULT 100 CHECK (max_rooms >= 0),
     ADD COLUMN max_participants integer NOT NULL DEFAULT 1000 CHECK (max_participants >= 0),
     ADD COLUMN max_relay_allocations integer NOT NULL DEFAULT 2000 CHECK (max_relay_allocations >= 0),
     ADD COLUMN max_relay_bits_per_second bigint NOT NULL DEFAULT 500000000 CHECK (max_relay_bits_per_second >= 0)`,
  `CREATE TABLE signing_keys (
     id text COLLATE "C" PRIMARY KEY,
     tenant_id text COLLATE "C" NOT NULL REFERENCES tenants ON DELETE CASCADE,
     sealed bytea NOT NULL,
     hint text NOT NULL,
     label text NOT NULL,
     created_at timestamptz NOT NULL,
     revoked_at timestamptz,
     last_used_at timestamptz)`,
  `CREATE INDEX signing_keys_by_tenant ON signing_keys (tenant_id, id)`,
  `CREATE TABLE rooms (
     id text COLLATE "C" PRIMARY KEY,
     tenant_id text COLLATE "C" NOT NULL REFERENCES tenants ON DELETE CASCADE,
     name text NOT NULL,
     type text NOT NULL CHECK (type IN ('one_to_one', 'group')),
     max_participants integer NOT NULL CHECK (max_participants > 0),
     locked boolean NOT NULL,
     created_at timestamptz NOT NULL,
     updated_at timestamptz NOT NULL,
     started_at timestamptz,
     finished_at timestamptz,
     ended_at timestamptz)`,
  `CREATE INDEX rooms_by_tenant ON rooms (tenant_id, id)`,
  `CREATE INDEX rooms_by_end ON rooms (ended_at)`,
  `CREATE INDEX rooms_open ON rooms (id)
     WHERE started_at IS NOT NULL AND (finished_at IS NULL OR finished_at < started_at)`,
  `CREATE TABLE relay_credentials (
     tenant_id text COLLATE "C" NOT NULL REFERENCES tenants ON DELETE CASCADE,
     subject text COLLATE "C" NOT NULL,
     created_at timestamptz NOT NULL,
     expires_at timestamptz NOT NULL,
     revoked_at timestamptz,
     PRIMARY KEY (tenant_id, subject))`,
  `CREATE INDEX relay_credentials_by_expiry ON relay_credentials (expires_at)`,
];
