import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who may watch. The policy has a default for the release before this one, which inserts playback ids without it. */
export class SignPlayback1796600000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['viewer_revocations', 'playback_restrictions', 'playback_keys'])
      await runner.query(`DROP TABLE ${table}`);
    await runner.query('ALTER TABLE playback_ids DROP COLUMN policy');
  }
}

const STATEMENTS = [
  `ALTER TABLE playback_ids
     ADD COLUMN policy text NOT NULL DEFAULT 'public' CHECK (policy IN ('public', 'signed'))`,
  `CREATE TABLE playback_keys (
     id text COLLATE "C" PRIMARY KEY,
     tenant_id text COLLATE "C" NOT NULL REFERENCES tenants ON DELETE CASCADE,
     label text NOT NULL,
     algorithm text NOT NULL CHECK (algorithm IN ('EdDSA', 'ES256')),
     public_jwk jsonb NOT NULL,
     origin text NOT NULL CHECK (origin IN ('generated', 'imported')),
     created_at timestamptz NOT NULL,
     revoked_at timestamptz,
     last_used_at timestamptz)`,
  `CREATE INDEX playback_keys_of_tenant ON playback_keys (tenant_id, id)`,
  `CREATE TABLE playback_restrictions (
     id text COLLATE "C" PRIMARY KEY,
     tenant_id text COLLATE "C" NOT NULL REFERENCES tenants ON DELETE CASCADE,
     label text NOT NULL,
     allowed_origins text[] NOT NULL,
     allowed_addresses text[] NOT NULL,
     allowed_countries text[] NOT NULL,
     denied_countries text[] NOT NULL,
     denied_user_agents text[] NOT NULL,
     created_at timestamptz NOT NULL,
     updated_at timestamptz NOT NULL)`,
  `CREATE INDEX playback_restrictions_of_tenant ON playback_restrictions (tenant_id, id)`,
  `CREATE TABLE viewer_revocations (
     tenant_id text COLLATE "C" NOT NULL REFERENCES tenants ON DELETE CASCADE,
     viewer_id text COLLATE "C" NOT NULL,
     version_lte integer NOT NULL,
     revoked_at timestamptz NOT NULL,
     PRIMARY KEY (tenant_id, viewer_id))`,
  `CREATE INDEX viewer_revocations_by_time ON viewer_revocations (revoked_at)`,
];
