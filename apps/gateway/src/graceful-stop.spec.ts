import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RequestsInFlight } from './server/requests-in-flight.ts';
import { SampleStream } from './testing/sample-stream.ts';
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
    const env = { MILLRACE_HTTP_DRAIN_MS: '0' };
    const gateway = await TestGateway.start({ databaseUrl: await postgres.createDatabase('stop_1'), env });
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

  it('lets held requests have what they wait for, within the drain', async () => {
    const gateway = await TestGateway.start({ databaseUrl: await postgres.createDatabase('stop_3') });
    const world = await makeWorld(gateway);
    const waiting = fetch(`${gateway.url}/hls/${world.playbackId}/index.m3u8`);
    await until('it waits', async () => (await gateway.metrics.text()).includes('millrace_playback_waiters 1'));
    gateway.app.get(RequestsInFlight, { strict: false }).leave();
    const closed = gateway.close();
    await (await SampleStream.begin(gateway.liveStore, world.streamId)).add();
    const answer = await waiting;
    expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close']);
    await closed;
  });

  it('tells who keeps its connection to connect anew, from when it is not ready any more', async () => {
    const gateway = await TestGateway.start({ databaseUrl: await postgres.createDatabase('stop_4') });
    const world = await makeWorld(gateway);
    const agent = new Agent({ keepAlive: true });
    const ask = (path: string) =>
      new Promise<IncomingMessage>((resolve, reject) => {
        request(`${gateway.url}${path}`, { agent }, (answer) => answer.resume().on('end', () => resolve(answer)))
          .on('error', reject)
          .end();
      });
    await (await SampleStream.begin(gateway.liveStore, world.streamId)).add();
    const paths = ['/openapi.json', `/hls/${world.playbackId}/index.m3u8`];
    for (const path of paths) expect((await ask(path)).headers.connection).toBe('keep-alive');
    await until('the playlist is answered without its request being parsed', async () => {
      let parsed = 0;
      const count = (): void => void parsed++;
      gateway.app.getHttpServer().on('request', count);
      await ask(paths[1]!);
      gateway.app.getHttpServer().off('request', count);
      return parsed === 0;
    });
    gateway.readiness.stopping();
    // On the connection that is answered so.
    for (const path of paths.reverse()) expect((await ask(path)).headers.connection).toBe('close');
    await gateway.close();
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
