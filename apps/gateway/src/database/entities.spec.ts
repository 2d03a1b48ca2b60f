// Each feature registers its own tables: all of them, and as the migrations make them.
import { getMetadataArgsStorage } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { newDataSource } from './data-source.ts';
import type { EntityClass } from './data-source.ts';
import { Database } from './database.ts';

let postgres: TestPostgres;
let gateway: TestGateway;
let database: Database;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  gateway = await TestGateway.start({ databaseUrl: postgres.url() });
  database = gateway.app.get(Database, { strict: false });
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});

it('every entity is registered by its feature', () => {
  const declared = getMetadataArgsStorage().tables.map(({ target }) => target as EntityClass);
  expect(declared.length).toBeGreaterThan(0);
  expect(new Set(database.allEntities)).toEqual(new Set(declared));
});

it('an entity that comes after the start is refused', () => {
  class Late {}
  expect(() => database.addEntities([Late])).toThrow('before the database is started');
});

it('the migrations make the very columns that the entities describe', async () => {
  const limits = {
    url: postgres.url(),
    maxConnections: 1,
    connectTimeoutMs: 5_000,
    queryTimeoutMs: undefined,
    onPoolError: () => undefined,
  };
  const source = newDataSource(limits, database.allEntities);
  await source.initialize();
  try {
    for (const entity of database.allEntities) {
      const { tableName, columns } = source.getMetadata(entity);
      const described = columns.map((column) => `${column.databaseName} ${column.isNullable ? 'null' : 'not null'}`);
      const made = await source.query<{ name: string; nullable: string }[]>(
        `SELECT column_name AS name, is_nullable AS nullable FROM information_schema.columns WHERE table_name = $1`,
        [tableName],
      );
      const found = made.map(({ name, nullable }) => `${name} ${nullable === 'YES' ? 'null' : 'not null'}`);
      expect(found.sort(), tableName).toEqual(described.sort());
    }
  } finally {
    await source.destroy();
  }
});
