import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Events are in the order of the transactions that wrote them. The transactions of a PostgreSQL into which a dump was restored may have lower
 * numbers than those of the events in the dump: `ahead` is added to them.
 */
export class CreateEventClock1797040000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE event_clock (single boolean PRIMARY KEY DEFAULT true CHECK (single), ahead bigint NOT NULL DEFAULT 0)`,
    );
    await runner.query('INSERT INTO event_clock DEFAULT VALUES');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE event_clock');
  }
}
