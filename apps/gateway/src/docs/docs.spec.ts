import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OpenAPIObject } from '@nestjs/swagger';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROBLEM_CODES } from '../http/problem-codes.ts';
import { makeRoomWorld } from '../testing/room-world.ts';
import { makeWebhookWorld, WEBHOOKS_ON_LOOPBACK } from '../testing/webhook-world.ts';
import { makeWorld, publish } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { makeUser, TestBrowser } from '../testing/test-browser.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { checkAgainst } from '../testing/json-schema.ts';

let postgres: TestPostgres;
let gateway: TestGateway;
let document: OpenAPIObject;
let world: World;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  gateway = await TestGateway.start({ databaseUrl: postgres.url(), env: WEBHOOKS_ON_LOOPBACK });
  document = (await gateway.ok('GET', '/openapi.json')) as unknown as OpenAPIObject;
  world = await makeWorld(gateway);
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
const operations = () =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => (item[method] === undefined ? [] : [{ path, method, operation: item[method] }])),
  );

describe('/openapi.json', () => {
  it('describes every REST route, and no route that is not there', () => {
    const server: FastifyInstance = gateway.app.getHttpAdapter().getInstance();
    const routes = server.routeTable.all.filter(({ isPublic }) => !isPublic);
    const served = routes.flatMap(({ url, methods }) =>
      methods.filter((method) => method !== 'HEAD').map((method) => `${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`),
    );
    const described = operations()
      .filter(({ path }) => path.startsWith('/v1/'))
      .map(({ path, method }) => `${method.toUpperCase()} ${path}`);
    expect(described.sort()).toEqual(served.sort());
  });

  it('gives each operation an id of its own, a summary, a tag, a schema, its errors', () => {
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, method, operation } of operations()) {
      const where = `${method} ${path}`;
      expect(operation.summary, where).toBeTruthy();
      expect(operation.tags, where).toHaveLength(1);
      const good = Object.keys(operation.responses).filter((status) => status.startsWith('2'));
      expect(good.length, where).toBeGreaterThan(0);
      if (path.startsWith('/v1/'))
        expect(Object.keys(operation.responses), where).toEqual(expect.arrayContaining(['401', '503']));
      if (path.includes('{')) expect(Object.keys(operation.responses), where).toContain('404');
      for (const name of path.matchAll(/\{(\w+)\}/g))
        expect(JSON.stringify(operation.parameters), where).toContain(`"name":"${name[1]}"`);
    }
  });

  it('asks for a key or a console session, but for playback and log-in', () => {
    expect(document.security).toEqual([{ key: [] }, { session: [] }]);
    expect(document.components?.securitySchemes?.['session']).toMatchObject({ type: 'apiKey', in: 'cookie' });
    expect(document.components?.securitySchemes?.['key']).toMatchObject({ type: 'http', scheme: 'bearer' });
    const open = operations().filter(({ operation }) => operation.security !== undefined);
    const media = /^\/(hls|dash|live|watch)\//;
    expect(open.filter(({ path }) => !media.test(path)).map(({ path, method }) => `${method} ${path}`)).toEqual([
      'post /v1/GetClientConfiguration',
      'post /v1/console_sessions',
      'post /v1/user_links/inspect',
      'post /v1/user_links/accept',
      'post /v1/oidc_logins',
    ]);
  });

  it('refers to nothing that it does not have, and forbids unknown fields in bodies', () => {
    const schemas = document.components?.schemas ?? {};
    const text = JSON.stringify(document);
    const names = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name ?? '');
    expect(names.length).toBeGreaterThan(20);
    for (const name of names) expect(Object.keys(schemas)).toContain(name);
    // OBS of any release asks with it.
    const { ClientConfigurationRequest: ofEncoders, ...ours } = schemas;
    expect(ofEncoders).toMatchObject({ type: 'object', additionalProperties: {} });
    for (const [name, schema] of Object.entries(ours))
      expect(schema, name).toMatchObject({ type: 'object', additionalProperties: false });
  });

  it('passes a linter without a warning', async () => {
    const config = await createConfig({ extends: ['recommended'] });
    const source = JSON.stringify(document);
    const findings = await lintFromString({ source, config, absoluteRef: 'openapi.json' });
    expect(findings.map(({ ruleId, message, location: [at] }) => `${ruleId}: ${message} ${at?.pointer}`)).toEqual([]);
  });

  it('has nothing that generators of clients drop or cannot read', () => {
    const faults: string[] = [];
    const look = (value: unknown, where: string): void => {
      if (typeof value !== 'object' || value === null) return;
      if ('default' in value && !where.includes('/parameters/')) faults.push(`${where}: a default in a body`);
      if ('nullable' in value) faults.push(`${where}: nullable`);
      if ('pattern' in value && String(value.pattern).includes(String.raw`\p{`)) faults.push(`${where}: \\p{}`);
      if ('content' in value)
        for (const type of Object.keys(value.content as object))
          if (!/^application\/(problem\+)?json$/.test(type)) faults.push(`${where}: ${type}`);
      for (const [name, part] of Object.entries(value)) look(part, `${where}/${name}`);
    };
    look(document, '');
    expect(faults).toEqual([]);
  });

  it('names the limits that this server has', async () => {
    const limitOf = (schema: string, field: string) =>
      (document.components?.schemas?.[schema] as { properties: Record<string, { maximum: number }> }).properties[field]
        ?.maximum;
    const room = limitOf('CreateRoom', 'max_participants') ?? 0;
    const ice = limitOf('CreateIceServers', 'ttl_seconds') ?? 0;
    const status = async (path: string, body: unknown) =>
      (await gateway.call('POST', path, { key: world.apiKey, body })).status;
    expect(await status('/v1/rooms', { name: 'x', max_participants: room + 1 })).toBe(400);
    expect(await status('/v1/rooms', { name: 'x', max_participants: room })).toBe(201);
    expect(await status('/v1/ice_servers', { ttl_seconds: ice + 1 })).toBe(400);
    expect(await status('/v1/ice_servers', { ttl_seconds: ice })).toBeLessThan(300);
  });

  it('tells the truth: answers are what it says', async () => {
    const claim = await publish(gateway, world.streamKey);
    const { roomId, signingKeyId } = await makeRoomWorld(gateway, world);
    const { webhookEndpointId, webhookDeliveryId, eventId } = await makeWebhookWorld(gateway, world);
    const made = async (path: string, body = {}): Promise<string> =>
      String((await gateway.ok('POST', path, { key: world.apiKey, body }))['id']);
    const camera = { url: 'rtsp://93.184.216.34/door' };
    const auditEvents = (await gateway.ok('GET', '/v1/audit_events?limit=1'))['data'] as { id: string }[];
    const paths: Record<string, string> = {
      '{playback_key_id}': await made('/v1/playback_keys'),
      '{playback_restriction_id}': await made('/v1/playback_restrictions'),
      '{ingest_source_id}': await made(`/v1/live_streams/${world.streamId}/ingest_sources`, camera),
      '{simulcast_target_id}': await made(`/v1/live_streams/${world.streamId}/simulcast_targets`, {
        url: 'rtmp://live.example.com/app/key',
      }),
      '{tenant_id}': world.tenantId,
      '{api_key_id}': world.apiKeyId,
      '{live_stream_id}': world.streamId,
      '{stream_key_id}': world.streamKeyId,
      '{playback_id}': world.playbackId,
      '{session_id}': claim.sessionId,
      '{room_id}': roomId,
      '{signing_key_id}': signingKeyId,
      '{event_id}': eventId,
      '{webhook_endpoint_id}': webhookEndpointId,
      '{webhook_delivery_id}': webhookDeliveryId,
      '{audit_event_id}': auditEvents[0]?.id ?? '',
      '{user_id}': await makeUser(gateway, { email: 'a@mill.example', role: 'viewer', tenant_id: world.tenantId }),
    };
    const browser = new TestBrowser(gateway);
    await browser.logIn({ api_key: gateway.operatorKey });
    const reads = operations().filter(
      // An event stream does not end; what is not JSON has no schema.
      ({ path, method }) => method === 'get' && path.startsWith('/v1/') && !/\/(stream|export)$/.test(path),
    );
    for (const { path, operation } of reads) {
      // The operator names the tenant.
      const query = path === '/v1/quotas' ? `?tenant_id=${world.tenantId}` : '';
      const answer = await browser.call('GET', path.replaceAll(/\{\w+\}/g, (name) => paths[name] ?? name) + query);
      expect(answer.status, path).toBe(200);
      const [schema] = Object.values(operation.responses['200'] ?? {}).flatMap((part: unknown) =>
        typeof part === 'object' && part !== null && 'application/json' in part ? [part['application/json']] : [],
      );
      if (schema === undefined) expect(path).toMatch(/\/export$/);
      else checkAgainst(document, (schema as { schema: object }).schema, answer.body, path);
    }
    const problem = await gateway.call('POST', '/v1/tenants', { body: { name: 3 } });
    checkAgainst(document, { $ref: '#/components/schemas/Problem' }, problem.body, 'a problem');
  });
});

describe('the pages', () => {
  it.each([
    ['/', 'Millrace'],
    ['/docs', 'swagger-ui-bundle.js'],
    ['/docs/errors', 'stream_not_live'],
    ['/watch/pbk_00000000000000000000000000', 'watch'],
  ])('%s: loads from here alone, and runs no script of its own text', async (path, words) => {
    const answer = await gateway.call('GET', path, { key: '' });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(answer.text).toContain(words);
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe-inline|unsafe-eval|https?:|script-src[^;]*(blob|\*)/);
    expect(answer.text).not.toMatch(/<script>|<style|\son\w+=|(src|href)="(https?:)?\/\//);
    for (const [, file] of answer.text.matchAll(/(?:src|href)="(\/[^"#]+)"/g)) {
      const asset = await gateway.call('GET', file ?? '', { key: '' });
      expect(asset.status, file).toBe(200);
      expect(asset.headers.get('x-content-type-options'), file).toBe('nosniff');
    }
  });

  it.each(['/docs', '/docs/errors', '/check'])('%s is dark and leads to the others', async (path) => {
    const { text } = await gateway.call('GET', path, { key: '' });
    for (const other of ['/', '/docs', '/docs/errors', '/check']) expect(text).toContain(`<a href="${other}"`);
    expect(text).toContain('<meta name="color-scheme" content="dark" />');
    if (path === '/docs') expect(text).toContain('<html lang="en" class="dark-mode">');
  });

  it('the watch page of what cannot be an id is not found, with an explanation', async () => {
    expect((await gateway.call('GET', '/watch/x', { key: '' })).status).toBe(404);
  });

  it('assets answer 304 to who has them', async () => {
    const first = await gateway.call('GET', '/assets/console/hls.js', { key: '' });
    const tag = first.headers.get('etag') ?? '';
    const second = await gateway.call('GET', '/assets/console/hls.js', { key: '', headers: { 'if-none-match': tag } });
    expect([first.status, second.status, second.text]).toEqual([200, 304, '']);
  });

  it('errors are explained, each where its type points to', async () => {
    const { text } = await gateway.call('GET', '/docs/errors', { key: '' });
    for (const code of Object.keys(PROBLEM_CODES)) expect(text).toContain(`<tr id="${code}">`);
  });
});

describe('README.md', () => {
  it('explains every error code', () => {
    const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
    for (const [code, { status }] of Object.entries(PROBLEM_CODES))
      expect(readme).toMatch(new RegExp(`\\| \`${code}\` +\\| ${status} +\\|`));
  });
});
