import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Sources that are pulled only while there are viewers. Those that there are go on being pulled always. */
export class PullOnDemand1798210000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE ingest_sources ADD COLUMN mode text NOT NULL DEFAULT 'always'`);
    await runner.query(
      `CREATE INDEX ingest_sources_on_demand ON ingest_sources (live_stream_id) WHERE mode = 'on_demand'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE ingest_sources DROP COLUMN mode');
  }
}
