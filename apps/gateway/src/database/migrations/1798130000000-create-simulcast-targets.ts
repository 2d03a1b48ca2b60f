import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Other servers that live streams are sent to. */
export class CreateSimulcastTargets1798130000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE simulcast_targets (
         id text COLLATE "C" PRIMARY KEY,
         tenant_id text COLLATE "C" NOT NULL REFERENCES tenants ON DELETE CASCADE,
         live_stream_id text COLLATE "C" NOT NULL REFERENCES live_streams ON DELETE CASCADE,
         label text NOT NULL,
         url text NOT NULL,
         sealed bytea NOT NULL,
         enabled boolean NOT NULL,
         created_at timestamptz NOT NULL,
         updated_at timestamptz NOT NULL,
         state text,
         reported_at timestamptz,
         connected_at timestamptz,
         error_code text,
         error_message text,
         error_at timestamptz,
         error_since timestamptz,
         epoch bigint,
         epoch_bytes bigint NOT NULL DEFAULT 0,
         past_bytes bigint NOT NULL DEFAULT 0)`,
    );
    await runner.query('CREATE INDEX simulcast_targets_of_stream ON simulcast_targets (live_stream_id, id)');
    await runner.query('CREATE INDEX simulcast_targets_of_tenant ON simulcast_targets (tenant_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE simulcast_targets');
  }
}
