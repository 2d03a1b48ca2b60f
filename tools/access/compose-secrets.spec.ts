// What compose's secrets container writes is what nats-server and redis-server of the project let services in with.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createNatsControlClient } from '@millrace/control';
import { startNatsServer } from '@millrace/frame-bus/testing';
import { createRedisLiveStore } from '@millrace/live-store';
import { startRedisServer } from '@millrace/live-store/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ACCESS_FOLDER } from './files.ts';
import { REDIS_SERVICES } from './redis-users.ts';
import { SERVICES } from './service-access.ts';

const repository = resolve(import.meta.dirname, '../..');
const root = mkdtempSync(join(tmpdir(), 'millrace-compose-'));
const run = (): unknown => execFileSync(process.execPath, [join(repository, 'compose/make-secrets.mjs'), root]);
const passwordOf = (server: string, service: string): string =>
  readFileSync(join(root, 'access', service, `${server}-password`), 'utf8');

beforeAll(() => {
  mkdirSync(join(root, 'secrets'));
  // Where the image has the built package.
  const domain = join(root, 'app/libs/domain/dist');
  mkdirSync(domain, { recursive: true });
  const source = pathToFileURL(join(repository, 'libs/domain/src/index.ts'));
  writeFileSync(join(domain, 'index.js'), `export * from ${JSON.stringify(source)};\n`);
  cpSync(join(repository, ACCESS_FOLDER), join(root, 'users'), { recursive: true });
  run();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

it('makes everything once: a second run changes nothing', () => {
  const files = (): string[] =>
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /secrets|access/.test(entry.parentPath))
      .map((entry) => join(entry.parentPath, entry.name));
  const before = files().map((file) => readFileSync(file, 'utf8'));
  expect(before).toHaveLength(3 + SERVICES.length + REDIS_SERVICES.length + 2);
  expect(new Set(before).size).toBe(before.length);
  run();
  expect(files().map((file) => readFileSync(file, 'utf8'))).toEqual(before);
});

it('lets each service into NATS and Redis by its own passwords', async () => {
  await using nats = await startNatsServer({ arguments: ['-c', join(root, 'access/nats/users.conf')] });
  for (const service of SERVICES) {
    const url = nats.url.replace('//', `//${service}:${passwordOf('nats', service)}@`);
    const client = createNatsControlClient({ url });
    await client.connect();
    await client.close();
  }
  const redis = await startRedisServer(['--aclfile', join(root, 'access/redis/users.acl')]);
  try {
    for (const service of REDIS_SERVICES) {
      const url = redis.url.replace('//', `//${service}:${passwordOf('redis', service)}@`);
      const store = await createRedisLiveStore({ url });
      expect(store.isReady(), service).toBe(true);
      await store.close();
    }
  } finally {
    await redis.stop();
  }
});
