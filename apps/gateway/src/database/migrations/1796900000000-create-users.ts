import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Users of the console, their sessions, and links that work once. */
export class CreateUsers1796900000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE users (
         id text COLLATE "C" PRIMARY KEY,
         tenant_id text COLLATE "C" REFERENCES tenants (id) ON DELETE CASCADE,
         email text COLLATE "C" NOT NULL,
         name text NOT NULL,
         role text NOT NULL,
         status text NOT NULL,
         password_hash text,
         totp_secret bytea,
         totp_enabled boolean NOT NULL,
         totp_last_step bigint NOT NULL,
         recovery_codes bytea[] NOT NULL,
         created_at timestamptz NOT NULL,
         updated_at timestamptz NOT NULL,
         last_login_at timestamptz,
         CHECK ((role = 'operator') = (tenant_id IS NULL))
       )`,
    );
    // The same person may be a user of several tenants, none of which can find out about the others.
    await runner.query(
      'CREATE UNIQUE INDEX users_tenant_email ON users (tenant_id, email) WHERE tenant_id IS NOT NULL',
    );
    await runner.query('CREATE UNIQUE INDEX users_operator_email ON users (email) WHERE tenant_id IS NULL');
    await runner.query('CREATE INDEX users_email ON users (email)');
    await runner.query('CREATE INDEX users_tenant_id ON users (tenant_id, id)');
    await runner.query(
      `CREATE TABLE console_sessions (
         id text COLLATE "C" PRIMARY KEY,
         hash bytea NOT NULL UNIQUE,
         tenant_id text COLLATE "C" REFERENCES tenants (id) ON DELETE CASCADE,
         user_id text COLLATE "C" REFERENCES users (id) ON DELETE CASCADE,
         api_key_id text COLLATE "C" REFERENCES api_keys (id) ON DELETE CASCADE,
         operator_key_hash bytea,
         address text NOT NULL,
         user_agent text,
         created_at timestamptz NOT NULL,
         last_used_at timestamptz NOT NULL,
         expires_at timestamptz NOT NULL,
         CHECK (num_nonnulls(user_id, api_key_id, operator_key_hash) = 1)
       )`,
    );
    await runner.query('CREATE INDEX console_sessions_tenant_id ON console_sessions (tenant_id, id)');
    await runner.query('CREATE INDEX console_sessions_user_id ON console_sessions (user_id, id)');
    await runner.query('CREATE INDEX console_sessions_api_key_id ON console_sessions (api_key_id, id)');
    await runner.query('CREATE INDEX console_sessions_expires_at ON console_sessions (expires_at)');
    await runner.query(
      `CREATE TABLE one_time_links (
         hash bytea PRIMARY KEY,
         kind text NOT NULL,
         user_id text COLLATE "C" REFERENCES users (id) ON DELETE CASCADE,
         api_key_id text COLLATE "C" REFERENCES api_keys (id) ON DELETE CASCADE,
         operator_key_hash bytea,
         expires_at timestamptz NOT NULL,
         CHECK (num_nonnulls(user_id, api_key_id, operator_key_hash) = 1)
       )`,
    );
    await runner.query('CREATE INDEX one_time_links_user_id ON one_time_links (user_id)');
    await runner.query('CREATE INDEX one_time_links_api_key_id ON one_time_links (api_key_id)');
    await runner.query('CREATE INDEX one_time_links_expires_at ON one_time_links (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE one_time_links, console_sessions, users');
  }
}
