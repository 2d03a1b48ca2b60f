import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Addresses are shortened after their time: a gateway looks for those that are still whole. */
export class IndexWholeAddresses1797060000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX audit_events_whole_address ON audit_events (created_at)
       WHERE strpos(address, '/') = 0 AND address <> 'unknown'`,
    );
    await runner.query(
      `CREATE INDEX session_connections_whole_address ON session_connections (ended_at)
       WHERE strpos(client_address, '/') = 0 AND client_address <> 'unknown'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX session_connections_whole_address');
    await runner.query('DROP INDEX audit_events_whole_address');
  }
}
