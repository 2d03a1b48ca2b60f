import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Sources that streams are pulled from, each with a stream key of its own. */
export class CreateIngestSources1798140000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE ingest_sources (
         id text COLLATE "C" PRIMARY KEY,
         tenant_id text COLLATE "C" NOT NULL,
         live_stream_id text COLLATE "C" NOT NULL,
         name text NOT NULL,
         protocol text NOT NULL,
         url text NOT NULL,
         sealed bytea,
         enabled boolean NOT NULL,
         revision integer NOT NULL,
         created_at timestamptz NOT NULL,
         updated_at timestamptz NOT NULL,
         FOREIGN KEY (tenant_id, live_stream_id) REFERENCES live_streams (tenant_id, id) ON DELETE CASCADE)`,
    );
    await runner.query('CREATE INDEX ingest_sources_of_stream ON ingest_sources (live_stream_id, id)');
    await runner.query('CREATE INDEX ingest_sources_of_tenant ON ingest_sources (tenant_id)');
    // Not a reference: the key outlives its source, so that an edge which has not heard yet is told why it is refused.
    await runner.query('ALTER TABLE stream_keys ADD COLUMN ingest_source_id text COLLATE "C"');
    await runner.query(
      'CREATE INDEX stream_keys_of_source ON stream_keys (ingest_source_id) WHERE ingest_source_id IS NOT NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DELETE FROM stream_keys WHERE ingest_source_id IS NOT NULL');
    await runner.query('ALTER TABLE stream_keys DROP COLUMN ingest_source_id');
    await runner.query('DROP TABLE ingest_sources');
  }
}
