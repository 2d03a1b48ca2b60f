import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The first tables. Every table but `installation` names the tenant, and what belongs to a live stream refers to it together
 * with its tenant, so that no row can point across tenants. Identifiers compare by bytes ("C"): they sort by time.
 */
export class CreateTables1795000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of [...TABLES].reverse()) await runner.query(`DROP TABLE ${table}`);
  }
}

const TABLES = [
  'installation',
  'tenants',
  'api_keys',
  'live_streams',
  'stream_keys',
  'playback_ids',
  'sessions',
  'session_connections',
];

const STATEMENTS = [
  `CREATE TABLE installation (name text PRIMARY KEY, value jsonb NOT NULL)`,
  `CREATE TABLE tenants (
     id text COLLATE "C" PRIMARY KEY,
     name text NOT NULL,
     status text NOT NULL CHECK (status IN ('active', 'suspended')),
     max_live_streams integer NOT NULL CHECK (max_live_streams >= 0),
     created_at timestamptz NOT NULL,
     updated_at timestamptz NOT NULL)`,
  `CREATE TABLE api_keys (
     id text COLLATE "C" PRIMARY KEY,
     tenant_id text COLLATE "C" REFERENCES tenants ON DELETE CASCADE,
     hash bytea NOT NULL UNIQUE,
     hint text NOT NULL,
     label text NOT NULL,
     created_at timestamptz NOT NULL,
     expires_at timestamptz,
     last_used_at timestamptz)`,
  `CREATE INDEX api_keys_by_tenant ON api_keys (tenant_id, id)`,
  `CREATE TABLE live_streams (
     id text COLLATE "C" PRIMARY KEY,
     tenant_id text COLLATE "C" NOT NULL REFERENCES tenants ON DELETE CASCADE,
     name text NOT NULL,
     enabled boolean NOT NULL,
     segment_target_ms integer NOT NULL CHECK (segment_target_ms > 0),
     window_ms integer NOT NULL CHECK (window_ms > 0),
     reconnect_window_ms integer NOT NULL CHECK (reconnect_window_ms >= 0),
     second_publisher text NOT NULL CHECK (second_publisher IN ('refuse', 'takeover')),
     created_at timestamptz NOT NULL,
     updated_at timestamptz NOT NULL,
     UNIQUE (tenant_id, id))`,
  `CREATE TABLE stream_keys (
     id text COLLATE "C" PRIMARY KEY,
     tenant_id text COLLATE "C" NOT NULL,
     live_stream_id text COLLATE "C" NOT NULL,
     hash bytea NOT NULL UNIQUE,
     hint text NOT NULL,
     label text NOT NULL,
     created_at timestamptz NOT NULL,
     expires_at timestamptz,
     revoked_at timestamptz,
     last_used_at timestamptz,
     FOREIGN KEY (tenant_id, live_stream_id) REFERENCES live_streams (tenant_id, id) ON DELETE CASCADE)`,
  `CREATE INDEX stream_keys_by_stream ON stream_keys (tenant_id, live_stream_id, id)`,
  `CREATE TABLE playback_ids (
     id text COLLATE "C" PRIMARY KEY,
     tenant_id text COLLATE "C" NOT NULL,
     live_stream_id text COLLATE "C" NOT NULL,
     created_at timestamptz NOT NULL,
     FOREIGN KEY (tenant_id, live_stream_id) REFERENCES live_streams (tenant_id, id) ON DELETE CASCADE)`,
  `CREATE INDEX playback_ids_by_stream ON playback_ids (tenant_id, live_stream_id, id)`,
  `CREATE TABLE sessions (
     id text COLLATE "C" PRIMARY KEY,
     tenant_id text COLLATE "C" NOT NULL,
     live_stream_id text COLLATE "C" NOT NULL,
     started_at timestamptz NOT NULL,
     active_at timestamptz,
     ended_at timestamptz,
     segments integer,
     FOREIGN KEY (tenant_id, live_stream_id) REFERENCES live_streams (tenant_id, id) ON DELETE CASCADE)`,
  `CREATE INDEX sessions_by_stream ON sessions (tenant_id, live_stream_id, id)`,
  `CREATE INDEX sessions_open ON sessions (id) WHERE ended_at IS NULL`,
  `CREATE INDEX sessions_by_end ON sessions (ended_at)`,
  `CREATE TABLE session_connections (
     session_id text COLLATE "C" NOT NULL REFERENCES sessions ON DELETE CASCADE,
     epoch bigint NOT NULL,
     stream_key_id text COLLATE "C" NOT NULL,
     edge_id text NOT NULL,
     protocol text,
     encoder text,
     client_address text,
     started_at timestamptz NOT NULL,
     ended_at timestamptz,
     end_reason text,
     bytes bigint,
     video_frames bigint,
     audio_frames bigint,
     PRIMARY KEY (session_id, epoch))`,
];
