import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Metrics } from '../metrics/metrics.ts';
import { AdminServer } from './admin-server.ts';
import { Readiness } from './readiness.ts';

describe('AdminServer', () => {
  let readiness: Readiness;
  let server: AdminServer;
  let origin: string;
  let port: number;

  beforeEach(async () => {
    readiness = new Readiness();
    const metrics = new Metrics({ service: 'test', version: '0', processMetrics: false });
    server = new AdminServer({ host: '127.0.0.1', port: 0, metrics, readiness });
    port = await server.listen();
    origin = `http://127.0.0.1:${port}`;
  });
  afterEach(() => server.close());

  it('is alive whatever its neighbours do', async () => {
    readiness.add('redis', () => 'not connected');
    const answer = await fetch(`${origin}/healthz`);
    expect([answer.status, await answer.text()]).toEqual([200, 'ok\n']);
  });

  it('is not ready before the service listens', async () => {
    const started = readiness.starting();
    const answer = await fetch(`${origin}/readyz`);
    expect([answer.status, await answer.json()]).toEqual([503, { ready: false, checks: { process: 'starting' } }]);
    started();
    expect((await fetch(`${origin}/readyz`)).status).toBe(200);
  });

  it('is ready when every check says so, and says what is missing', async () => {
    let redis: true | string = true;
    const remove = readiness.add('redis', () => redis);
    readiness.add('nats', () => true);
    expect((await fetch(`${origin}/readyz`)).status).toBe(200);
    redis = 'not connected';
    const answer = await fetch(`${origin}/readyz`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({ ready: false, checks: { redis: 'not connected', nats: 'ok' } });
    remove();
    expect((await fetch(`${origin}/readyz`)).status).toBe(200);
  });

  it('is not ready, but alive, while it stops', async () => {
    readiness.stopping();
    expect((await fetch(`${origin}/readyz`)).status).toBe(503);
    expect((await fetch(`${origin}/healthz`)).status).toBe(200);
  });

  it('shows the metrics', async () => {
    const answer = await fetch(`${origin}/metrics?x=1`);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=/);
    expect(await answer.text()).toContain('millrace_build_info');
  });

  it('answers HEAD, refuses other methods and other paths', async () => {
    const head = await fetch(`${origin}/healthz`, { method: 'HEAD' });
    expect([head.status, await head.text(), head.headers.get('content-length')]).toEqual([200, '', '3']);
    expect((await fetch(`${origin}/healthz`, { method: 'POST', body: 'x' })).status).toBe(405);
    expect((await fetch(`${origin}/secret`)).status).toBe(404);
  });

  it('closes also while somebody holds a connection', async () => {
    const socket = connect(port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.resume();
    await server.close();
    await closed;
  });
});
