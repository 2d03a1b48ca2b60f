import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which of the two encoders of a stream a connection was. Those that there are were the only ones. */
export class TellBackupEncoders1798150000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE session_connections ADD COLUMN role text NOT NULL DEFAULT 'primary'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE session_connections DROP COLUMN role');
  }
}
