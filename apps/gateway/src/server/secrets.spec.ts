// Every secret that REST hands out is told once, to the one who asked, and is nowhere else.
import { createLogger } from '@millrace/service-kit';
import { startTestTracing } from '@millrace/service-kit/testing';
import type { TestTracing } from '@millrace/service-kit/testing';
import type { OpenAPIObject } from '@nestjs/swagger';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isSecretField } from '../audit/secret-fields.ts';
import { addressOf, bodyOf, makeFullWorld, writesOf } from '../testing/route-walk.ts';
import type { FullWorld } from '../testing/route-walk.ts';
import { publish } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { WEBHOOKS_ON_LOOPBACK } from '../testing/webhook-world.ts';

let postgres: TestPostgres;
let tracing: TestTracing;
let gateway: TestGateway;
let document: OpenAPIObject;
let world: FullWorld;
const lines: string[] = [];
/** Secret → where it was handed out. */
const secrets = new Map<string, string>();

beforeAll(async () => {
  postgres = await TestPostgres.create();
  tracing = await startTestTracing('gateway');
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ service: 'gateway', level: 'trace', destination });
  const { tracer } = tracing;
  gateway = await TestGateway.start({ databaseUrl: postgres.url(), logger, tracer, env: WEBHOOKS_ON_LOOPBACK });
  document = (await gateway.ok('GET', '/openapi.json')) as unknown as OpenAPIObject;
  world = await makeFullWorld(gateway);
  for (const [where, secret] of [
    ['the operator key', gateway.operatorKey],
    ['the API key', world.apiKey],
    ['the stream key', world.streamKey],
    ['the signing key', world.signingKey],
  ] as const)
    secrets.set(secret, where);
  await makeMore();
  await publish(gateway, world.streamKey).catch(() => undefined);
});
afterAll(async () => {
  await gateway.close();
  await tracing.stop();
  await postgres.remove();
});

/** Calls every route that creates something, with an idempotency key, and notes the secrets of its answer. */
async function makeMore(): Promise<void> {
  const creates = writesOf(document).filter(
    (write) =>
      write.method !== 'DELETE' && !/\/(suspend|end|disable)$/.test(write.path) && bodyOf(write, world) !== undefined,
  );
  for (const [i, write] of creates.entries()) {
    const headers = { 'idempotency-key': `secrets-${i}` };
    const asked = { body: bodyOf(write, world), headers: write.method === 'POST' ? headers : {} };
    collect(await gateway.ok(write.method, addressOf(write.path, world), asked), `${write.method} ${write.path}`);
  }
}

function collect(value: unknown, where: string): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, part] of Object.entries(value))
    if (isSecretField(name) && typeof part === 'string') secrets.set(part, `${where}: ${name}`);
    else collect(part, where);
}

const isText = (schema: object): schema is { readonly description?: string } =>
  'type' in schema && [schema.type].flat().includes('string');

const found = (text: string): string[] =>
  [...secrets].filter(([secret]) => text.includes(secret)).map(([, where]) => where);

describe('secrets', () => {
  it('are those that the document says are shown once', () => {
    const shown = Object.values(document.components?.schemas ?? {}).flatMap((schema) =>
      Object.entries(('properties' in schema ? schema.properties : undefined) ?? {}).filter(
        ([, field]) => isText(field) && /shown only (once|when)/.test(String(field.description)),
      ),
    );
    expect(shown.length).toBeGreaterThan(5);
    for (const [name] of shown) expect(isSecretField(name), name).toBe(true);
    expect(secrets.size).toBeGreaterThan(12);
  });

  it('are in no answer of a read', async () => {
    const reads = Object.keys(document.paths).filter(
      (path) => path.startsWith('/v1/') && document.paths[path]?.get !== undefined && path !== '/v1/events/stream',
    );
    for (const path of reads)
      for (const key of [gateway.operatorKey, world.apiKey]) {
        const answer = await gateway.call('GET', addressOf(path, world), { key });
        expect([path, found(answer.text), found(JSON.stringify([...answer.headers]))]).toEqual([path, [], []]);
      }
  });

  it('are in no error, not even where the request holds one', async () => {
    for (const [secret, where] of secrets) {
      // A private key has lines, which a header cannot have.
      const line = secret.replaceAll('\n', ' ');
      const query = new URLSearchParams({ name: secret, cursor: secret, limit: secret });
      const answers = [
        await gateway.call('GET', `/v1/live_streams?${query.toString()}`),
        await gateway.call('GET', '/v1/live_streams', { key: `${line}x` }),
        await gateway.call('POST', '/v1/live_streams', { body: { name: '', tenant_id: secret } }),
        await gateway.call('POST', '/v1/live_streams', { body: `{"name": "${secret}"` }),
        await gateway.call('POST', '/v1/rooms', { body: {}, headers: { 'idempotency-key': `${line} ` } }),
      ];
      for (const answer of answers) {
        expect(answer.status, where).toBeGreaterThanOrEqual(400);
        expect(found(answer.text), where).toEqual([]);
      }
    }
  });

  it('are in no log line and no trace', async () => {
    expect(lines.length).toBeGreaterThan(20);
    expect(found(lines.join(''))).toEqual([]);
    expect(tracing.collector.spans.length).toBeGreaterThan(20);
    expect(found(JSON.stringify(tracing.collector.spans))).toEqual([]);
  });

  it('are in no row of the database in clear: not in events, not in audit events, not in kept answers', async () => {
    const database = new pg.Client({ connectionString: postgres.url() });
    await database.connect();
    try {
      const { rows } = await database.query<{ name: string }>(
        `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`,
      );
      for (const { name } of rows) {
        const content = await database.query<{ line: string }>(`SELECT t::text AS line FROM ${name} AS t`);
        const text = content.rows.map(({ line }) => line).join('\n');
        expect([name, found(text)]).toEqual([name, []]);
        for (const [secret, where] of secrets)
          expect(text.includes(Buffer.from(secret).toString('hex')), `${name}: ${where}`).toBe(false);
      }
    } finally {
      await database.end();
    }
  });
});
