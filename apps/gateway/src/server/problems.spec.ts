// Every error is a problem document, wherever it is found: in a service, the validation, the router, the HTTP parser.
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeWorld } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import type { Answer } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { PROBLEM_CODES } from '../http/problem-codes.ts';
import type { ProblemCode } from '../http/problem-codes.ts';

let postgres: TestPostgres;
let gateway: TestGateway;
let world: World;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  const env = { MILLRACE_HTTP_MAX_BODY_BYTES: '2048', MILLRACE_HTTP_MAX_HEADER_BYTES: '8192' };
  gateway = await TestGateway.start({ databaseUrl: postgres.url(), env });
  world = await makeWorld(gateway);
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});

function expectProblem({ status, headers, body }: Answer, code: ProblemCode): void {
  expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(body).toMatchObject({
    type: `/docs/errors#${code}`,
    title: PROBLEM_CODES[code].title,
    status: PROBLEM_CODES[code].status,
    detail: expect.any(String) as string,
    instance: expect.stringMatching(/^\//) as string,
    code,
    request_id: headers.get('x-request-id'),
  });
  expect(status).toBe(PROBLEM_CODES[code].status);
}

const post = (body: unknown, headers: Record<string, string> = {}) =>
  gateway.call('POST', '/v1/tenants', { body, headers });

describe('a body', () => {
  it.each([
    ['is cut off', '{"name":', 'malformed_body'],
    ['is not JSON', 'name=x', 'malformed_body'],
    ['nests too deep', `${'['.repeat(33)}${']'.repeat(33)}`, 'malformed_body'],
    ['nests very deep', '['.repeat(2_000), 'malformed_body'],
    ['reaches for the prototype', '{"name":"x","__proto__":{"polluted":1}}', 'malformed_body'],
    ['reaches for the prototype, escaped', '{"name":"x","\\u005f_proto__":{"polluted":1}}', 'malformed_body'],
    ['reaches for the constructor', '{"name":"x","constructor":{"prototype":{"polluted":1}}}', 'invalid_request'],
    ['is too large', { name: 'x'.repeat(3_000) }, 'body_too_large'],
    ['is empty', '', 'invalid_request'],
    ['is null', 'null', 'invalid_request'],
    ['is an array', '[]', 'invalid_request'],
    ['is a text', '"x"', 'invalid_request'],
    ['lacks a field', {}, 'invalid_request'],
    ['has an unknown field', { name: 'x', admin: true }, 'invalid_request'],
    ['chooses its id', { name: 'x', id: 'ten_00000000000000000000000000' }, 'invalid_request'],
    ['has another type', { name: ['x'] }, 'invalid_request'],
    ['has an empty name', { name: '' }, 'invalid_request'],
    ['has a long name', { name: 'x'.repeat(101) }, 'invalid_request'],
    ['has NUL', { name: 'a\0b' }, 'invalid_request'],
    ['has a line break', { name: 'a\nb' }, 'invalid_request'],
    ['has a right-to-left override', { name: 'a\u202eb' }, 'invalid_request'],
    ['has half a surrogate pair', '{"name":"\\ud800"}', 'invalid_request'],
    ['has a huge number', '{"name":"x","max_live_streams":1e400}', 'invalid_request'],
    ['has a negative number', { name: 'x', max_live_streams: -1 }, 'invalid_request'],
    ['has a fraction', { name: 'x', max_live_streams: 1.5 }, 'invalid_request'],
    ['has a number as text', { name: 'x', max_live_streams: '1' }, 'invalid_request'],
  ] as const)('that %s', async (_, body, code) => {
    expectProblem(await post(body), code);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('says where its faults are', async () => {
    const faults = async (body: object): Promise<string[]> => {
      const { errors } = (await post(body)).body as { errors: { pointer: string; code: string }[] };
      return errors.map(({ pointer, code }) => `${pointer} ${code}`).sort();
    };
    expect(await faults({ name: 3, 'a/b~c': 1, max_live_streams: -1 })).toEqual([
      '/a~1b~0c unknown_field',
      '/max_live_streams too_small',
      '/name invalid_type',
    ]);
    expect(await faults({ max_rooms: 1e9 })).toEqual(['/max_rooms too_big', '/name required']);
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/json',
    'x',
    'application/json\ta',
    'application/jsonx',
    'application/xml',
    'application/json, text/plain',
    '',
  ])('of type %j is refused, or checked like any other', async (type) => {
    const answer = await post({ name: 'x', admin: true }, { 'content-type': type });
    expect([400, 415], `${answer.status}`).toContain(answer.status);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON',
    ' application/json ',
    'application/json;x=y',
  ])('of type %j is taken', async (type) => {
    expect((await post({ name: 'x' }, { 'content-type': type })).status).toBe(201);
    expectProblem(await post({ name: 'x', admin: true }, { 'content-type': type }), 'invalid_request');
  });
});

describe('a query', () => {
  it.each([
    'limit=0',
    'limit=101',
    'limit=-1',
    'limit=1.5',
    'limit=x',
    'limit=9223372036854775808',
    'limit=1&limit=2',
    'limit[]=1',
    'limit=',
    'unknown=1',
    'page=-1',
    'cursor=',
    `cursor=${'x'.repeat(101)}`,
    'order=id;drop',
    '__proto__=1',
  ])('?%s', async (query) => {
    expectProblem(await gateway.call('GET', `/v1/tenants?${query}`), 'invalid_request');
  });

  it.each([
    'x',
    'YWZ0ZXI6c3Ry',
    Buffer.from("after:ten_' OR 1=1 --").toString('base64url'),
    Buffer.from('after:str_00000000000000000000000000').toString('base64url'),
  ])('with the cursor %s', async (cursor) =>
    expectProblem(await gateway.call('GET', `/v1/tenants?cursor=${cursor}`), 'invalid_cursor'),
  );
});

describe('an address', () => {
  it.each([
    ['GET', '/v1', 'not_found'],
    ['GET', '/v1/nothing', 'not_found'],
    ['GET', '/v1/tenants/ten_', 'not_found'],
    ['GET', "/v1/tenants/' OR 1=1", 'not_found'],
    ['GET', '/v1/tenants/%00', 'not_found'],
    ['GET', '/favicon.ico', 'not_found'],
    ['PUT', '/v1/tenants', 'method_not_allowed'],
    ['DELETE', '/v1/live_streams', 'method_not_allowed'],
    ['POST', '/openapi.json', 'method_not_allowed'],
    ['GET', `/v1/tenants/${'x'.repeat(300)}`, 'uri_too_long'],
  ] as const)('%s %s', async (method, path, code) => {
    expectProblem(await gateway.call(method, path), code);
  });

  it('names the methods that it takes', async () => {
    expect((await gateway.call('PUT', '/v1/tenants')).headers.get('allow')).toBe('GET, HEAD, POST');
    expect((await gateway.call('PUT', `/v1/tenants/${world.tenantId}`)).headers.get('allow')).toBe(
      'DELETE, GET, HEAD, PATCH',
    );
  });
});

describe('what is hardly HTTP', () => {
  it.each([
    ['a malformed escape', 'GET /v1/tenants/%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 400],
    ['no HTTP at all', 'hello\r\n\r\n', 400],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
    ],
    ['headers without end', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ])('%s', async (_, bytes, status) => {
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.write(bytes);
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(Number(text.slice(9, 12))).toBe(status);
    expect(text).toMatch(/content-type: application\/problem\+json/i);
    expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4))).toMatchObject({ status });
  });
});

describe('the request id', () => {
  it('is the one that the caller chose, when it is harmless', async () => {
    const chosen = await gateway.call('GET', '/v1/tenants', { headers: { 'x-request-id': 'abc-123' } });
    expect(chosen.headers.get('x-request-id')).toBe('abc-123');
    for (const bad of ['a b', 'x'.repeat(65), '<script>']) {
      const answer = await gateway.call('GET', '/v1/tenants', { headers: { 'x-request-id': bad } });
      expect(answer.headers.get('x-request-id')).toMatch(/^req_[0-9a-z]{26}$/);
    }
  });
});

describe('a browser that opens an address', () => {
  const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
  const open = (path: string, headers: Record<string, string> = { accept }) =>
    gateway.call('GET', path, { key: '', headers });

  it.each([
    ['/nothing/here', 404, 'There is nothing at this URL.'],
    ['/docs/nothing', 404, 'There is nothing at this URL.'],
    ['/v1/tenants', 401, ''],
    ['/hls/x/index.m3u8', 404, 'There is no such playback id.'],
  ])('%s: a page that leads on', async (path, status, words) => {
    const answer = await open(path);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'text/html; charset=utf-8']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('vary')).toMatch(/accept/i);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(answer.text).toContain(words);
    expect(answer.text).toContain(answer.headers.get('x-request-id'));
    for (const link of ['href="/"', 'href="/docs"', 'href="/docs/errors#', 'href="/check"'])
      expect(answer.text).toContain(link);
  });

  it('gets no text of its own back as HTML', async () => {
    expect((await open('/<script>alert(1)</script>')).text).not.toContain('<script>');
  });

  it('programs get the document', async () => {
    expectProblem(await open('/nothing/here', { accept: 'application/json' }), 'not_found');
    expectProblem(await open('/nothing/here', {}), 'not_found');
    expectProblem(await gateway.call('POST', '/nothing/here', { key: '', headers: { accept } }), 'not_found');
  });
});
