// The description of this API, made from the controllers and from the schemas that check their requests.
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { PROBLEM_CODES } from '../http/problem-codes.ts';
import type { ProblemCode } from '../http/problem-codes.ts';
import { PROBLEM_TYPE } from '../http/problem-document.ts';
import { MAX_KEY_LENGTH } from '../idempotency/idempotency-interceptor.ts';
import { forGenerators } from './for-generators.ts';
import { playbackPaths } from './playback-paths.ts';

const MS = 1_000;

type PathItem = OpenAPIObject['paths'][string];
type Operation = NonNullable<PathItem['get']>;
type Responses = Operation['responses'];

/** Those of `/v1` that take no key: what they are given proves who asks. */
const PUBLIC_OPERATIONS = new Set([
  'post /v1/GetClientConfiguration',
  'post /v1/oidc_logins',
  'post /v1/console_sessions',
  'post /v1/user_links/inspect',
  'post /v1/user_links/accept',
]);
const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
const PROBLEM_SCHEMA = '#/components/schemas/Problem';

/** Addresses in it are relative to where it was fetched: the page that shows it may call no other server. */
export function createOpenApiDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.1')
    .setTitle('Millrace')
    .setDescription(
      'Live media: encoders publish by RTMP, viewers watch HLS. Errors are problem documents (RFC 9457); ' +
        'the page `/docs/errors` explains their codes. Lists come newest first, in pages.',
    )
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/')
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', description: 'A tenant key (`mr_sk_…`) or the operator key (`mr_op_…`).' },
      'key',
    )
    .addCookieAuth(
      'millrace_console',
      {
        type: 'apiKey',
        in: 'cookie',
        description:
          'A console session (`POST /v1/console_sessions`). By https the cookie is named `__Host-millrace_console`. What is not GET ' +
          'needs the header `X-CSRF-Token` too.',
      },
      'session',
    )
    .addSecurityRequirements('key')
    .addSecurityRequirements('session')
    .build();
  const document = SwaggerModule.createDocument(app, config, { operationIdFactory: (_controller, method) => method });
  for (const [path, item] of Object.entries(document.paths)) completePath(path, item);
  document.paths = { ...document.paths, ...playbackPaths() };
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: problemSchema() },
  };
  const settings = app.get<GatewaySettings>(GATEWAY_SETTINGS, { strict: false });
  limitBySettings(document.components.schemas ?? {}, settings);
  return forGenerators(document) as OpenAPIObject;
}

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;

/** What this server allows at most is less than what any server may allow. */
function limitBySettings(schemas: Schemas, settings: GatewaySettings): void {
  const limits: readonly (readonly [string, string, number])[] = [
    ['CreateRoom', 'max_participants', settings.maxRoomParticipants],
    ['UpdateRoom', 'max_participants', settings.maxRoomParticipants],
    ['CreateToken', 'ttl_seconds', Math.floor(settings.joinTokenMaxTtlMs / MS)],
    ['CreateIceServers', 'ttl_seconds', Math.floor(settings.iceMaxTtlMs / MS)],
  ];
  for (const [name, field, maximum] of limits) {
    const schema = schemas[name];
    const property = schema !== undefined && 'properties' in schema ? schema.properties?.[field] : undefined;
    if (property === undefined || '$ref' in property) throw new Error(`the document has no ${name}.${field}`);
    property.maximum = maximum;
  }
}

function completePath(path: string, item: PathItem): void {
  for (const method of METHODS) {
    const operation = item[method];
    if (operation === undefined) continue;
    operation.operationId = operationId(method, path);
    if (PUBLIC_OPERATIONS.has(`${method} ${path}`)) operation.security = [];
    if (takesIdempotencyKey(method, operation))
      operation.parameters = [...(operation.parameters ?? []), IDEMPOTENCY_KEY];
    operation.responses = { ...operation.responses, ...problemResponses(problemsOf(path, method, operation)) };
  }
}

/** `post /v1/live_streams/{live_stream_id}/enable` → `post_live_streams_live_stream_id_enable`: unique, and says where. */
const operationId = (method: string, path: string): string =>
  `${method}${path
    .replace('/v1', '')
    .replaceAll(/[/{}]+/g, '_')
    .replace(/_$/, '')}`;

/** Every POST that needs a key. */
const takesIdempotencyKey = (method: string, { security }: Operation): boolean =>
  method === 'post' && security === undefined;

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'Your own name for this request. A repetition with the same key and body within 24 hours is not carried out again: it gets the ' +
    'same answer, with `Idempotent-Replayed: true`.',
  schema: { type: 'string', minLength: 1, maxLength: MAX_KEY_LENGTH },
} as const;

/** What can go wrong with an operation follows from what it takes. */
function problemsOf(path: string, method: string, operation: Operation): ProblemCode[] {
  const codes: ProblemCode[] = [
    ...(['unauthenticated', 'insufficient_scope', 'too_many_requests'] as const),
    ...(['internal_error', 'dependency_unavailable'] as const),
  ];
  const narrows = JSON.stringify(operation.parameters ?? []).includes('"tenant_id"');
  if (path.includes('{') || path.endsWith('/current') || narrows) codes.push('not_found');
  // Also of a write without a body: what is sent as one is read, and refused.
  if (method !== 'get') codes.push('body_too_large', 'unsupported_media_type');
  codes.push('invalid_request');
  if (method !== 'get') codes.push('conflict');
  if (takesIdempotencyKey(method, operation)) codes.push('idempotency_key_reused', 'idempotency_answer_gone');
  if (JSON.stringify(operation.parameters ?? []).includes('"If-Match"')) codes.push('etag_mismatch');
  if (path === '/v1/oidc_logins') codes.push('not_found');
  if (path.startsWith('/v1/user_links/')) codes.push('link_invalid');
  return codes;
}

export function problemResponses(codes: readonly ProblemCode[]): Responses {
  const responses: Responses = {};
  for (const code of codes) {
    const { status, title } = PROBLEM_CODES[code];
    responses[String(status)] = {
      description: title,
      content: { [PROBLEM_TYPE]: { schema: { $ref: PROBLEM_SCHEMA } } },
    };
  }
  return responses;
}

/** RFC 9457 section 3.1, with `code`, `request_id` and `errors` beside its members. */
const problemSchema = () => ({
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'instance', 'code', 'request_id'],
  additionalProperties: false,
  properties: {
    type: { type: 'string', format: 'uri-reference', description: 'Page that explains the code.' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What happened, for a human reader.' },
    instance: { type: 'string', description: 'Path of the request.' },
    code: {
      type: 'string',
      enum: Object.keys(PROBLEM_CODES),
      description: 'What happened, as a stable code for programs.',
    },
    request_id: { type: 'string', description: 'Quote it when asking for help; also in the header X-Request-Id.' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'code', 'detail'],
        additionalProperties: false,
        properties: {
          pointer: { type: 'string', description: 'JSON pointer into the body, or `?name` for a parameter.' },
          code: {
            type: 'string',
            description:
              'What is wrong with it, for programs: `required`, `unknown_field`, `invalid_type`, `too_small`, `too_big`, `invalid_format`, ' +
              '`invalid_value` or `invalid`. New codes may be added.',
          },
          detail: { type: 'string', description: 'The same for a human reader.' },
        },
      },
    },
  },
});
