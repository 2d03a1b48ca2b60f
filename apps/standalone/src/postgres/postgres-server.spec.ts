import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { embeddedBinaries } from './postgres-binaries.ts';
import { PostgresServer } from './postgres-server.ts';
import { isServing, readPostmasterPid } from './postmaster-pid.ts';
import { waitUntil } from './wait-until.ts';

let folder: string;
const servers: PostgresServer[] = [];

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'millrace-postgres-')), 'postgres');
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

function newServer(): PostgresServer {
  const server = new PostgresServer({ binaries: embeddedBinaries(), folder, port: 0, database: 'millrace' });
  servers.push(server);
  return server;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** A server that is started by a process of its own. */
async function startInProcess(): Promise<{ readonly parent: ChildProcess; readonly url: string }> {
  const script = `
    const { PostgresServer, embeddedBinaries } = await import(${JSON.stringify(join(import.meta.dirname, 'index.ts'))});
    const server = new PostgresServer({ binaries: embeddedBinaries(), folder: ${JSON.stringify(folder)}, port: 0, database: 'millrace' });
    console.log(await server.start());`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script, 'keep'], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  return { parent, url: line.toString().trim() };
}

describe('an embedded PostgreSQL', () => {
  it('keeps its rows over a restart, and asks for a password', async () => {
    const first = newServer();
    const url = await first.start();
    await query(url, 'CREATE TABLE kept (n int)');
    await query(url, 'INSERT INTO kept VALUES (42)');
    await expect(query(url.replace(/:[0-9a-f]{48}@/, ':guess@'), 'SELECT 1')).rejects.toThrow(/password/);
    await first.stop();
    expect(readPostmasterPid(join(folder, 'data'))).toBeUndefined();
    expect(await query(await newServer().start(), 'SELECT n FROM kept')).toEqual([{ n: 42 }]);
  });

  it('shows its password to no other user', async () => {
    const server = newServer();
    const password = new URL(await server.start()).password;
    expect(statSync(join(folder, 'password')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, 'data', 'pg_hba.conf'), 'utf8')).not.toMatch(/^[^#].*\btrust\b/m);
    expect(existsSync(join(folder, 'data.password'))).toBe(false);
    expect(readFileSync(join(folder, 'postgres.log'), 'utf8')).not.toContain(password);
  });

  it('stops by itself when the process that started it is killed', async () => {
    const { parent } = await startInProcess();
    const data = join(folder, 'data');
    const pid = readPostmasterPid(data)?.pid ?? 0;
    expect(isServing(data, pid)).toBe(true);
    parent.kill('SIGKILL');
    expect(await waitUntil(() => !isServing(data, pid), 10_000)).toBe(true);
    await newServer().start();
  });

  it('starts again at once when the process that started it was killed, and has what was written', async () => {
    for (let i = 1; i <= 5; i++) {
      const { parent, url } = await startInProcess();
      await query(url, 'CREATE TABLE IF NOT EXISTS kept (n int)');
      await query(url, `INSERT INTO kept VALUES (${i})`);
      parent.kill('SIGKILL');
    }
    const rows = await query(await newServer().start(), 'SELECT n FROM kept ORDER BY n');
    expect(rows).toEqual([1, 2, 3, 4, 5].map((n) => ({ n })));
  });

  it('takes the place of one that was left behind', async () => {
    await newServer().start();
    const before = readPostmasterPid(join(folder, 'data'))?.pid;
    await newServer().start();
    const after = readPostmasterPid(join(folder, 'data'))?.pid;
    expect(after).not.toBe(before);
    expect(isServing(join(folder, 'data'), before ?? 0)).toBe(false);
  });
});
