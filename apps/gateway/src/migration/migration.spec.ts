// The program that a deployment runs, as it is built, against a real PostgreSQL.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MIGRATIONS } from '../database/data-source.ts';
import { TestPostgres } from '../testing/test-postgres.ts';

const MAIN = fileURLToPath(new URL('../../dist/migration/main.js', import.meta.url));

let postgres: TestPostgres;
let name: string;
let url: string;
let databases = 0;

beforeAll(async () => {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is not built: run "npm run build"`);
  postgres = await TestPostgres.create();
});
afterAll(() => postgres.remove());
beforeEach(async () => {
  name = `migration_${databases++}`;
  url = await postgres.createDatabase(name);
});

interface Outcome {
  readonly code: number;
  readonly said: string;
}

function run(env: Readonly<Record<string, string>>): Promise<Outcome> {
  return new Promise((done) => {
    execFile(process.execPath, [MAIN], { env }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : Number(error.code), said: `${stdout}${stderr}` }),
    );
  });
}

describe('the migration', () => {
  it('says what it did, and that there was nothing to do', async () => {
    const first = await run({ MILLRACE_DATABASE_URL: url });
    expect(first.code).toBe(0);
    expect(first.said).toMatch(/^Migrated the database: CreateTables1795000000000, /);
    expect(await run({ MILLRACE_DATABASE_URL: url })).toEqual({ code: 0, said: 'The database is up to date.\n' });
  });

  it('runs once when two are started at the same time', async () => {
    const outcomes = await Promise.all([run({ MILLRACE_DATABASE_URL: url }), run({ MILLRACE_DATABASE_URL: url })]);
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0]);
    expect(outcomes.map(({ said }) => said.split(':')[0]).sort()).toEqual([
      'Migrated the database',
      'The database is up to date.\n',
    ]);
    const rows = await postgres.query('SELECT name FROM migrations ORDER BY id', name);
    expect(rows).toEqual(MIGRATIONS.map((migration) => ({ name: migration.name })));
  });

  it('says that PostgreSQL cannot be reached, without its password', async () => {
    const { code, said } = await run({ MILLRACE_DATABASE_URL: 'postgres://millrace:hunter2@127.0.0.1:1/millrace' });
    expect(code).toBe(1);
    expect(said).toMatch(/^PostgreSQL at 127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED/);
    expect(said).not.toContain('hunter2');
  });

  it('says what PostgreSQL refused, and leaves nothing half done', async () => {
    await postgres.query('CREATE TABLE tenants (other int)', name);
    const { code, said } = await run({ MILLRACE_DATABASE_URL: url });
    expect(code).toBe(1);
    expect(said).toMatch(/could not be migrated: .*"tenants" already exists/);
    expect(await postgres.query('SELECT name FROM migrations', name)).toEqual([]);
  });

  it('names a bad setting', async () => {
    const { code, said } = await run({ MILLRACE_DATABASE_URL: 'http://a' });
    expect([code, said]).toEqual([1, expect.stringContaining('MILLRACE_DATABASE_URL')]);
  });
});
