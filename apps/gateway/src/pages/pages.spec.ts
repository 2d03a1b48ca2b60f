import { gunzipSync } from 'node:zlib';
import { newId } from '@millrace/domain';
import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { registerPages } from './pages.routes.ts';

let server: FastifyInstance;

beforeEach(() => {
  server = fastify();
  registerPages(server, {
    publicSignalingUrl: 'wss://rooms.example:8443/v1/rooms',
    oidcIssuer: 'https://id.example',
    oidcName: 'Example ID',
  });
});
afterEach(() => server.close());

const get = (url: string) => server.inject({ method: 'GET', url });

describe('the pages', () => {
  it('say where the signaling service is, and what the identity provider is called', async () => {
    const answer = await get('/assets/console/config.json');
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(answer.json()).toEqual({
      signaling_url: 'wss://rooms.example:8443/v1/rooms',
      identity_provider: 'Example ID',
    });
  });

  it.each([`/call/${newId('room')}`, '/check'])('%s may use devices and the signaling service', async (url) => {
    const { statusCode, headers } = await get(url);
    expect(statusCode).toBe(200);
    expect(headers['content-security-policy']).toContain("connect-src 'self' wss://rooms.example:8443;");
    expect(headers['content-security-policy']).toContain("frame-ancestors 'self'");
    expect(headers['permissions-policy']).toContain('camera=(self), microphone=(self)');
    expect(headers['referrer-policy']).toBe('no-referrer');
  });

  it('of the console runs only its own scripts and is framed by no site', async () => {
    const policy = String((await get('/console/streams')).headers['content-security-policy']);
    expect(policy).toMatch(/script-src 'self';.*frame-ancestors 'none'/);
    expect(policy).not.toMatch(/unsafe|data:/);
  });

  it.each(['/call/room_1', `/call/${newId('ten')}`, '/watch/pbk_1'])('%s is a page, and no such thing', async (url) => {
    const { statusCode, headers } = await get(url);
    expect([statusCode, headers['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
  });

  it('begin with the console', async () => {
    const { statusCode, headers } = await get('/');
    expect([statusCode, headers.location]).toEqual([302, '/console']);
  });
});

describe('files', () => {
  const icon = '/assets/console/icon.svg';
  const ask = (headers: Record<string, string>) => server.inject({ method: 'GET', url: icon, headers });

  it('are compressed for those who accept it, under a tag of their own', async () => {
    const plain = await ask({});
    const packed = await ask({ 'accept-encoding': 'br, gzip' });
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
    expect(gunzipSync(packed.rawPayload)).toEqual(plain.rawPayload);
    expect(packed.headers.etag).not.toBe(plain.headers.etag);
    const again = await ask({ 'accept-encoding': 'gzip', 'if-none-match': String(packed.headers.etag) });
    expect([again.statusCode, again.body]).toEqual([304, '']);
  });
});
