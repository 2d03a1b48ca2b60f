import { newId } from '@millrace/domain';
import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { registerPages } from './pages.routes.ts';

let server: FastifyInstance;

beforeEach(() => {
  server = fastify();
  registerPages(server, {
    publicRtmpUrl: 'rtmp://stage.example/live',
    publicSignalingUrl: 'wss://rooms.example:8443/v1/rooms',
  });
});
afterEach(() => server.close());

const get = (url: string) => server.inject({ method: 'GET', url });

describe('the pages', () => {
  it('say where the signaling service is', async () => {
    const answer = await get('/assets/console/config.json');
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(answer.json()).toEqual({ signaling_url: 'wss://rooms.example:8443/v1/rooms' });
  });

  it.each([`/call/${newId('room')}`, '/check'])('%s may use devices and the signaling service', async (url) => {
    const { statusCode, headers } = await get(url);
    expect(statusCode).toBe(200);
    expect(headers['content-security-policy']).toContain("connect-src 'self' wss://rooms.example:8443;");
    expect(headers['content-security-policy']).toContain("frame-ancestors 'self'");
    expect(headers['permissions-policy']).toContain('camera=(self), microphone=(self)');
    expect(headers['referrer-policy']).toBe('no-referrer');
  });

  it.each(['/call/room_1', `/call/${newId('ten')}`, '/watch/pbk_1'])('%s is a page, and no such thing', async (url) => {
    const { statusCode, headers } = await get(url);
    expect([statusCode, headers['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
  });

  it('lead to the network check from the first one', async () => {
    const { body, headers } = await get('/');
    expect(body).toContain('href="/check"');
    expect(headers['content-security-policy']).toContain("connect-src 'self';");
  });
});
