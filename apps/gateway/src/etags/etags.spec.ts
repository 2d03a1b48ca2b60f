// Changes that are based on a version of an object.
import type { OpenAPIObject } from '@nestjs/swagger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addressOf, bodyOf, makeFullWorld, writesOf } from '../testing/route-walk.ts';
import type { FullWorld, Write } from '../testing/route-walk.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import type { Answer } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { WEBHOOKS_ON_LOOPBACK } from '../testing/webhook-world.ts';
import { entityTag, timeOfChange } from './entity-tag.ts';

let postgres: TestPostgres;
let gateway: TestGateway;
let world: FullWorld;
let document: OpenAPIObject;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  gateway = await TestGateway.start({ databaseUrl: postgres.url(), env: WEBHOOKS_ON_LOOPBACK });
  document = (await gateway.ok('GET', '/openapi.json')) as unknown as OpenAPIObject;
  world = await makeFullWorld(gateway);
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});
const conditional = (): Write[] =>
  writesOf(document).filter(({ method, path }) => {
    const operation = document.paths[path]?.[method.toLowerCase() as 'patch'];
    return JSON.stringify(operation?.parameters ?? []).includes('"If-Match"');
  });
const send = (write: Write, ifMatch?: string): Promise<Answer> => {
  const body = bodyOf(write, world);
  return gateway.call(write.method, addressOf(write.path, world), {
    ...(body !== undefined && { body }),
    ...(ifMatch !== undefined && { headers: { 'if-match': ifMatch } }),
  });
};
const tagOf = async ({ path }: Write, method = 'GET'): Promise<string> =>
  (await gateway.call(method, addressOf(path, world))).headers.get('etag') ?? 'none';

describe('every route that changes an object', () => {
  it('takes If-Match', () => {
    // Nothing is read under these addresses, so there is no version to name.
    const withoutObject = /\/(participants|bans|ice_servers)\/|\/quotas$/;
    const changes = writesOf(document).filter(
      (write) => write.method !== 'POST' && bodyOf(write, world) !== undefined && !withoutObject.test(write.path),
    );
    expect(conditional()).toEqual(expect.arrayContaining(changes));
  });

  it('is refused for another version, and changes nothing', async () => {
    const writes = conditional();
    expect(writes.length).toBeGreaterThan(13);
    for (const write of writes) {
      const tag = await tagOf(write);
      for (const other of ['"other"', `W/${tag}`, '""', 'nonsense', '"a", "b"']) {
        const answer = await send(write, other);
        expect([write, answer.status, answer.body]).toMatchObject([write, 412, { code: 'etag_mismatch' }]);
        expect(answer.headers.get('etag')).toBe(tag);
      }
      expect(await tagOf(write), `${write.method} ${write.path}`).toBe(tag);
    }
  });

  it('or cannot be conditional, and says so', async () => {
    const write = { method: 'POST', path: '/v1/live_streams/{live_stream_id}/enable' };
    const answer = await send(write, '"x"');
    expect([answer.status, answer.body]).toMatchObject([400, { errors: [{ pointer: 'If-Match' }] }]);
  });
});

describe('of changes at the same time', () => {
  it('that are based on one version, one is made', async () => {
    const path = `/v1/live_streams/${world.streamId}`;
    const { headers } = await gateway.call('GET', path);
    const tag = headers.get('etag') ?? '';
    const rename = (i: number) =>
      gateway.call('PATCH', path, { body: { name: `n${i}` }, headers: { 'if-match': tag } });
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => rename(i)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 412)).toHaveLength(19);
  });
});

describe('a tag', () => {
  it('is a field of the live stream too, and does not change with what the stream is doing', async () => {
    const path = `/v1/live_streams/${world.streamId}`;
    const { headers, body } = await gateway.call('GET', path);
    expect((body as { etag: string }).etag).toBe(headers.get('etag'));
    await gateway.ok('POST', `${path}/end`);
    expect((await gateway.call('GET', path)).headers.get('etag')).toBe(headers.get('etag'));
  });

  it('changes with every change, however fast they follow and wherever the clock goes', () => {
    const now = new Date();
    expect(timeOfChange(now).getTime()).toBeGreaterThan(now.getTime());
    const future = new Date(Date.now() + 60_000);
    expect(timeOfChange(future).getTime()).toBe(future.getTime() + 1);
    expect(entityTag({ updated_at: now.toISOString() })).not.toBe(
      entityTag({ updated_at: timeOfChange(now).toISOString() }),
    );
  });
});

// Last: it deletes the world.
describe('every route that changes an object', () => {
  it('is carried out for the version that was read, and for any', async () => {
    for (const write of conditional()) {
      const name = `${write.method} ${write.path}`;
      const tag = await tagOf(write);
      expect(tag, name).toMatch(/^"[\w-]{16}"$/);
      expect(await tagOf(write, 'HEAD'), name).toBe(tag);
      const answer = await send(write, write.method === 'PUT' ? '*' : `"other", ${tag}`);
      expect(answer.status, `${name}: ${answer.text}`).toBeLessThan(300);
      if (write.method === 'DELETE') continue;
      expect(answer.headers.get('etag'), name).not.toBe(tag);
      expect(await tagOf(write), name).toBe(answer.headers.get('etag'));
      expect((await send(write, tag)).status, name).toBe(412);
    }
  });
});
