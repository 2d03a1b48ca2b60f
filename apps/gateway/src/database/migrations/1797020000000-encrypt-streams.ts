import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whether the segments of a stream are encrypted, and how many have the same key. */
export class EncryptStreams1797020000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE live_streams
      ADD encryption text NOT NULL DEFAULT 'none' CHECK (encryption IN ('none', 'aes-128')),
      ADD key_rotation_segments integer NOT NULL DEFAULT 60 CHECK (key_rotation_segments > 0)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE live_streams DROP encryption, DROP key_rotation_segments');
  }
}
