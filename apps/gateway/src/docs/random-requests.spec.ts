// Requests that no client would send, made from the OpenAPI document: no answer may be a 5xx, or one that the document does not have.
import type { OpenAPIObject } from '@nestjs/swagger';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkAgainst } from '../testing/json-schema.ts';
import { RandomValues, randomFrom } from '../testing/random-values.ts';
import type { ValueSchema } from '../testing/random-values.ts';
import { makeFullWorld } from '../testing/route-walk.ts';
import type { FullWorld } from '../testing/route-walk.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import type { Answer } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { WEBHOOKS_ON_LOOPBACK } from '../testing/webhook-world.ts';

/** Each made of the same numbers in every run; another one can be tried by `MILLRACE_TEST_SEED`. */
const SEED = Number(process.env['MILLRACE_TEST_SEED'] ?? 20_261_130);
const REQUESTS_PER_OPERATION = 15;
const AT_ONCE = 6;

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: ValueSchema;
}
interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body: ValueSchema | undefined;
  readonly responses: Readonly<Record<string, { content?: Readonly<Record<string, { schema: object }>> }>>;
}
interface MadeRequest {
  readonly operation: Operation;
  readonly address: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

let postgres: TestPostgres;
let gateway: TestGateway;
let document: OpenAPIObject;
let worlds: FullWorld[];

beforeAll(async () => {
  postgres = await TestPostgres.create();
  gateway = await TestGateway.start({
    databaseUrl: postgres.url(),
    env: { ...WEBHOOKS_ON_LOOPBACK, MILLRACE_HLS_WAIT_MS: '200' },
  });
  document = (await gateway.ok('GET', '/openapi.json')) as unknown as OpenAPIObject;
  worlds = [await makeFullWorld(gateway), await makeFullWorld(gateway)];
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});

function operations(): Operation[] {
  return Object.entries(document.paths)
    .filter(([path]) => path.startsWith('/v1/') && path !== '/v1/events/stream')
    .flatMap(([path, item]) =>
      Object.entries(item as Record<string, Record<string, unknown>>).map(([method, described]) => ({
        method: method.toUpperCase(),
        path,
        parameters: (described['parameters'] ?? []) as Parameter[],
        body: (described['requestBody'] as { content: Record<string, { schema: ValueSchema }> } | undefined)?.content[
          'application/json'
        ]?.schema,
        responses: described['responses'] as Operation['responses'],
      })),
    );
}

function makeRequest(values: RandomValues, operation: Operation): MadeRequest {
  const { method, path, parameters, body } = operation;
  // What deletes mostly finds nothing: otherwise nothing would be left for the others.
  const destroys = method === 'DELETE' || /\/(suspend|end|rotate|password)$/.test(path);
  const valueOf = ({ schema }: Parameter): string => String(values.value(schema)).slice(0, 100);
  const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const parameter = parameters.find((each) => each.name === name);
    if (parameter === undefined) throw new Error(`${path} does not describe ${name}`);
    const id = values.text(parameter.schema);
    if (destroys && values.chance(0.95)) return `${id.split('_', 1)[0] ?? ''}_${'0'.repeat(26)}`;
    return encodeURIComponent((values.chance(0.9) ? id : valueOf(parameter)).toWellFormed()) || '%20';
  });
  const query = new URLSearchParams();
  const headers: Record<string, string> = {};
  for (const parameter of parameters.filter(
    ({ in: place, required }) => place !== 'path' && (required === true || values.chance(0.3)),
  ))
    if (parameter.in === 'query') query.append(parameter.name, valueOf(parameter).toWellFormed());
    else if (parameter.in === 'header') headers[parameter.name] = values.oneOf(['"x"', '*', 'a', 'b', 'W/"y"']);
  const [world, other] = worlds as [FullWorld, FullWorld];
  return {
    operation,
    address: query.size > 0 ? `${address}?${query.toString()}` : address,
    key: values.oneOf([
      gateway.operatorKey,
      gateway.operatorKey,
      world.apiKey,
      world.apiKey,
      other.apiKey,
      'mr_sk_wrong',
    ]),
    headers,
    body: method === 'GET' || (body === undefined && values.chance(0.8)) ? undefined : makeBody(values, body),
  };
}

function makeBody(values: RandomValues, schema: ValueSchema | undefined): unknown {
  if (values.chance(0.03)) return values.oneOf(['', '{', '[1]', '"text"', '{"a":1}}', '['.repeat(100)]);
  return JSON.stringify(values.value(schema ?? {}, values.chance(0.4)));
}

function faultOf({ operation, address, headers, body }: MadeRequest, answer: Answer): string | undefined {
  const where = `${operation.method} ${address} ${JSON.stringify(headers)} ${String(body)}: ${answer.status} ${answer.text.slice(0, 500)}`;
  if (answer.status >= 500) return `5xx: ${where}`;
  const described = operation.responses[String(answer.status)];
  if (described === undefined) return `status is not in the document: ${where}`;
  const [type = ''] = (answer.headers.get('content-type') ?? '').split(';');
  const schema = described.content?.[type]?.schema;
  if (schema === undefined) {
    const isExport = operation.path.endsWith('/export') && answer.status === 200;
    return answer.text === '' || isExport ? undefined : `${type} is not in the document: ${where}`;
  }
  try {
    checkAgainst(document, schema, answer.body, where);
    return undefined;
  } catch (error) {
    return String(error);
  }
}

it('random requests find no 5xx, and no answer that the document does not have', async () => {
  const ids = worlds.flatMap((world) =>
    Object.values(world).flatMap((value) =>
      String(value)
        .split('/')
        .filter((part) => /^[a-z]+_[0-9a-z]{26}$/.test(part)),
    ),
  );
  const values = new RandomValues(document, ids, randomFrom(SEED));
  const all = operations();
  expect(all.length).toBeGreaterThan(60);
  const requests = Array.from({ length: REQUESTS_PER_OPERATION }, () =>
    all.map((each) => makeRequest(values, each)),
  ).flat();
  const faults: string[] = [];
  const counts = new Map<number, number>();
  const next = requests[Symbol.iterator]();
  const work = async (): Promise<void> => {
    for (const request of next) {
      const { operation, address, key, headers, body } = request;
      const answer = await gateway.call(operation.method, address, { key, body, headers });
      counts.set(answer.status, (counts.get(answer.status) ?? 0) + 1);
      const fault = faultOf(request, answer);
      if (fault !== undefined) faults.push(fault);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  expect(faults, `seed ${SEED}`).toEqual([]);
  // They do reach what is behind the checks.
  expect(counts.get(200)).toBeGreaterThan(50);
  expect(counts.get(201)).toBeGreaterThan(15);
  expect(counts.get(400)).toBeGreaterThan(100);
});
