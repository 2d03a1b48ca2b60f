import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeWorld, publish, until } from './testing/tenant-world.ts';
import { TestGateway } from './testing/test-gateway.ts';
import { TestPostgres } from './testing/test-postgres.ts';

let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await TestPostgres.create();
});
afterAll(() => postgres.remove());

describe('a graceful stop', () => {
  it('lets a request in flight finish, and those that wait for a stream go', async () => {
    const gateway = await TestGateway.start({ databaseUrl: await postgres.createDatabase('stop_1') });
    const world = await makeWorld(gateway);
    const waiting = fetch(`${gateway.url}/hls/${world.playbackId}/index.m3u8`);
    await until('it waits', async () => (await gateway.metrics.text()).includes('millrace_playback_waiters 1'));

    const headers = { authorization: `Bearer ${gateway.operatorKey}`, 'content-type': 'application/json' };
    const slow = request(`${gateway.url}/v1/tenants`, { method: 'POST', headers });
    const answered = new Promise<number | undefined>((resolve, reject) => {
      slow.on('response', (answer) => resolve(answer.resume().statusCode)).on('error', reject);
    });
    const body = '{"name":"sent in two parts"}';
    slow.setHeader('content-length', body.length);
    slow.write(body.slice(0, 10));
    await once(gateway.app.getHttpServer(), 'request');

    const closed = gateway.close();
    expect((await waiting).status).toBe(503);
    slow.end(body.slice(10));
    expect(await answered).toBe(201);
    await closed;
    await expect(fetch(gateway.url)).rejects.toThrow();
  });

  it('writes the sessions that it has been told of', async () => {
    const gateway = await TestGateway.start({ databaseUrl: await postgres.createDatabase('stop_2') });
    const world = await makeWorld(gateway);
    const claim = await publish(gateway, world.streamKey);
    await gateway.close();
    const rows = await postgres.query('SELECT id FROM sessions', 'stop_2');
    expect(rows).toEqual([{ id: claim.sessionId }]);
  });
});
