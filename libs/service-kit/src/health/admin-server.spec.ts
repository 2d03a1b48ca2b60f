import { request } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../logging/logger.ts';
import { Metrics } from '../metrics/metrics.ts';
import { drainCommand } from '../drain-command/drain-command.ts';
import { Drain } from '../shutdown/drain.ts';
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

  describe('/drain', () => {
    let leaves: number;
    const offer = (fromAnywhere = false) => {
      leaves = 0;
      const metrics = new Metrics({ service: 'test', version: '0', processMetrics: false });
      const logger = createLogger({ service: 'test', level: 'silent' });
      const drain = new Drain({ readiness, metrics, logger, lagMs: 0 }, { leave: () => leaves++, left: () => 7 });
      server.offerDrain({ drain, fromAnywhere });
    };
    const post = (at = origin, headers = {}) => fetch(`${at}/drain`, { method: 'POST', headers });

    it('shows the state, and begins with POST alone', async () => {
      expect((await fetch(`${origin}/drain`)).status).toBe(503);
      expect((await post()).status).toBe(503);
      offer();
      const before = await fetch(`${origin}/drain`);
      expect([before.status, await before.json()]).toEqual([200, { draining: false, door: 'open', left: 7 }]);
      const begun = await post();
      expect([begun.status, await begun.json()]).toMatchObject([202, { draining: true, left: 7 }]);
      await expect.poll(() => leaves).toBe(1);
      expect(await (await fetch(`${origin}/drain`)).json()).toEqual({ draining: true, door: 'closed', left: 7 });
      expect((await fetch(`${origin}/readyz`)).status).toBe(503);
      expect((await fetch(`${origin}/drain`, { method: 'DELETE' })).status).toBe(405);
    });

    it('is not for web pages, nor for other machines unless that is set', async () => {
      offer();
      expect((await post(origin, { origin: 'https://evil.example' })).status).toBe(403);
      expect(readiness.isStopping).toBe(false);
      // Another address of the loopback stands for another machine.
      const from = { host: '127.0.0.1', port, path: '/drain', method: 'POST', localAddress: '127.0.0.6' };
      const postFromAfar = () =>
        new Promise<number | undefined>((resolve, reject) => {
          const asked = request(from, (answer) => resolve(answer.resume().statusCode));
          asked.on('error', reject).end();
        });
      expect(await postFromAfar()).toBe(403);
      offer(true);
      expect(await postFromAfar()).toBe(202);
    });

    it('is for the machine itself where the port has an address of its own, as in a pod on its node’s network', async () => {
      const metrics = new Metrics({ service: 'test', version: '0', processMetrics: false });
      const own = new AdminServer({ host: '127.0.0.7', port: 0, metrics, readiness });
      const environment = { MILLRACE_METRICS_HOST: '127.0.0.7', MILLRACE_METRICS_PORT: String(await own.listen()) };
      const logger = createLogger({ service: 'test', level: 'silent' });
      const drain = new Drain({ readiness, metrics, logger, lagMs: 0 }, { leave: () => undefined, left: () => 7 });
      own.offerDrain({ drain, fromAnywhere: false });
      const post = (localAddress: string) =>
        new Promise<number | undefined>((resolve, reject) => {
          const port = environment.MILLRACE_METRICS_PORT;
          const asked = request({ host: '127.0.0.7', port, path: '/drain', method: 'POST', localAddress }, (answer) =>
            resolve(answer.resume().statusCode),
          );
          asked.on('error', reject).end();
        });
      expect(await post('127.0.0.6')).toBe(403);
      expect(await post('127.0.0.7')).toBe(202);
      expect(JSON.parse(await drainCommand(['status'], environment))).toMatchObject({ draining: true, left: 7 });
      await own.close();
    });

    it('begins by the command that images carry, on any address', async () => {
      const environment = { MILLRACE_METRICS_HOST: '0.0.0.0', MILLRACE_METRICS_PORT: String(port) };
      await expect(drainCommand(['now'], environment)).rejects.toThrow('usage: drain [status]');
      await expect(drainCommand([], environment)).rejects.toThrow(/answered 503: still starting/);
      offer();
      expect(JSON.parse(await drainCommand(['status'], environment))).toMatchObject({ draining: false });
      expect(JSON.parse(await drainCommand([], environment))).toMatchObject({ draining: true });
    });
  });

  describe('with more connections than it holds', () => {
    const held: Socket[] = [];
    afterEach(() => {
      for (const socket of held.splice(0)) socket.destroy();
    });
    const open = async (localAddress: string): Promise<Socket> => {
      const socket = connect({ port, host: '127.0.0.1', localAddress });
      held.push(socket.on('error', () => undefined));
      await new Promise((resolve) => socket.once('connect', resolve));
      return socket;
    };
    /** A probe as a kubelet sends it: a connection of its own each time. */
    const probe = (localAddress: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const from = { host: '127.0.0.1', port, path: '/readyz', localAddress, agent: false };
        request(from, (answer) => resolve(answer.resume().statusCode))
          .on('error', reject)
          .end();
      });

    it.each([
      ['that send nothing', ''],
      ['that begin a request and do not end it', 'GET /metrics HTTP/1.1\r\nHost: x\r\n'],
    ])('answers every probe beside 200 connections of one address %s', async (_, bytes) => {
      for (let i = 0; i < 200; i++) (await open('127.0.0.2')).write(bytes);
      for (let i = 0; i < 20; i++) expect(await probe('127.0.0.3')).toBe(200);
      // Also where the kubelet has the address of the attacker.
      for (let i = 0; i < 20; i++) expect(await probe('127.0.0.2')).toBe(200);
    });

    it('answers every probe beside 200 connections of many addresses, and holds no more than 64', async () => {
      const open64 = async (i: number): Promise<Socket> => open(`127.0.1.${i}`);
      for (let i = 1; i <= 200; i++) await open64(i);
      for (let i = 0; i < 20; i++) expect(await probe('127.0.0.3')).toBe(200);
      await expect.poll(() => held.filter(({ destroyed }) => !destroyed).length).toBeLessThanOrEqual(64);
    });

    it('ends a connection that waits for nothing rather than one that is answered', async () => {
      const own = '127.0.0.4';
      const metrics = await open(own);
      for (let i = 0; i < 15; i++) await open(own);
      const answer = new Promise<string>((resolve) => metrics.once('data', (bytes) => resolve(String(bytes))));
      metrics.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
      expect(await answer).toContain('200 OK');
      await open(own);
      await expect.poll(() => held[1]?.destroyed).toBe(true);
      expect(metrics.destroyed).toBe(false);
    });
  });

  it('makes one text for scrapes that come together', async () => {
    const asked = Array.from({ length: 30 }, async () => (await fetch(`${origin}/metrics`)).text());
    for (const text of await Promise.all(asked)) expect(text).toContain('millrace_build_info');
  });

  it('closes also while a client holds a connection', async () => {
    const socket = connect(port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.resume();
    await server.close();
    await closed;
  });
});
