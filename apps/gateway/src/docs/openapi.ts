// The description of this API, made from the controllers and from the schemas that check their requests.
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { PROBLEM_CODES, type ProblemCode } from '../http/problem-codes.ts';
import { PROBLEM_TYPE } from '../http/problem-document.ts';
import { playbackPaths } from './playback-paths.ts';

type PathItem = OpenAPIObject['paths'][string];
type Operation = NonNullable<PathItem['get']>;
type Responses = Operation['responses'];

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
const PROBLEM_SCHEMA = '#/components/schemas/Problem';

/** Addresses in it are relative to where it was fetched: the page that shows it may call no other server. */
export function createOpenApiDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Millrace')
    .setDescription(
      'Live media: encoders publish by RTMP, viewers watch HLS. Errors are problem documents (RFC 9457); ' +
        'the page `/docs/errors` explains their codes. Lists come newest first, in pages.',
    )
    .setVersion('1')
    .addServer('/')
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', description: "A tenant's key (`mr_sk_…`) or the operator's (`mr_op_…`)." },
      'key',
    )
    .addSecurityRequirements('key')
    .build();
  const document = SwaggerModule.createDocument(app, config, { operationIdFactory: (_controller, method) => method });
  for (const [path, item] of Object.entries(document.paths)) completePath(path, item);
  document.paths = { ...document.paths, ...playbackPaths() };
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: problemSchema() },
  };
  return document;
}

function completePath(path: string, item: PathItem): void {
  for (const method of METHODS) {
    const operation = item[method];
    if (operation === undefined) continue;
    operation.operationId = operationId(method, path);
    operation.responses = { ...operation.responses, ...problemResponses(problemsOf(path, method, operation)) };
  }
}

/** `post /v1/live_streams/{live_stream_id}/enable` → `post_live_streams_live_stream_id_enable`: unique, and says where. */
const operationId = (method: string, path: string): string =>
  `${method}${path
    .replace('/v1', '')
    .replaceAll(/[/{}]+/g, '_')
    .replace(/_$/, '')}`;

/** What can go wrong with an operation follows from what it takes. */
function problemsOf(path: string, method: string, operation: Operation): ProblemCode[] {
  const codes: ProblemCode[] = [
    ...(['unauthenticated', 'insufficient_scope', 'too_many_requests'] as const),
    ...(['internal_error', 'dependency_unavailable'] as const),
  ];
  if (path.includes('{')) codes.push('not_found');
  if (operation.requestBody !== undefined) codes.push('body_too_large', 'unsupported_media_type');
  if (operation.requestBody !== undefined || method === 'get') codes.push('invalid_request');
  if (method !== 'get') codes.push('conflict');
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
    type: { type: 'string', format: 'uri-reference', description: 'Where the code is explained.' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What happened, for people.' },
    instance: { type: 'string', description: 'The path that was asked for.' },
    code: { type: 'string', enum: Object.keys(PROBLEM_CODES), description: 'What happened, for programs.' },
    request_id: { type: 'string', description: 'To name when asking for help; also in the header X-Request-Id.' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        additionalProperties: false,
        properties: {
          pointer: { type: 'string', description: 'A JSON pointer into the body, or `?name` for a parameter.' },
          detail: { type: 'string' },
        },
      },
    },
  },
});
