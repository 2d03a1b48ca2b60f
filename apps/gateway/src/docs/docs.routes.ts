// /openapi.json, /docs (Swagger UI out of its npm package) and /docs/errors. Public: they contain no tenant's data.
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { addPublicRoute } from '../http/public-routes.ts';
import { sendAsset, sendPage } from '../html/send-page.ts';
import { createOpenApiDocument } from './openapi.ts';
import { errorsPage } from './errors-page.ts';
import { SWAGGER_INITIALIZER, SWAGGER_STYLE, swaggerPage } from './swagger-page.ts';

/** What the page needs of the package; nothing else of it is served. */
const SWAGGER_FILES: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
};

export function registerDocs(app: NestFastifyApplication): void {
  const server: FastifyInstance = app.getHttpAdapter().getInstance();
  let document: OpenAPIObject | undefined;
  addPublicRoute(server, {
    method: 'GET',
    url: '/openapi.json',
    handler: (_request, reply) =>
      reply
        .headers({
          'cache-control': 'no-cache',
          'access-control-allow-origin': '*',
          'x-content-type-options': 'nosniff',
        })
        .type('application/json')
        .send(JSON.stringify((document ??= createOpenApiDocument(app)))),
  });
  addPublicRoute(server, { method: 'GET', url: '/docs', handler: (_request, reply) => sendPage(reply, swaggerPage()) });
  addPublicRoute(server, {
    method: 'GET',
    url: '/docs/errors',
    handler: (_request, reply) => sendPage(reply, errorsPage()),
  });
  addPublicRoute(server, {
    method: 'GET',
    url: '/docs/assets/initializer.js',
    handler: (_request, reply) => sendAsset(reply, 'text/javascript; charset=utf-8', SWAGGER_INITIALIZER),
  });
  addPublicRoute(server, {
    method: 'GET',
    url: '/docs/assets/docs.css',
    handler: (_request, reply) => sendAsset(reply, 'text/css; charset=utf-8', SWAGGER_STYLE),
  });
  const folder = swaggerFolder();
  for (const [name, type] of Object.entries(SWAGGER_FILES))
    addPublicRoute(server, {
      method: 'GET',
      url: `/docs/assets/${name}`,
      handler: (_request, reply) => sendAsset(reply, type, readFileSync(join(folder, name))),
    });
}

function swaggerFolder(): string {
  return dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
}
