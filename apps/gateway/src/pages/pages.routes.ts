// The pages for people: the console, the watch page, the pages with rooms in them, and what they load.
import { isId } from '@millrace/domain';
import {
  CALL_PAGE,
  CHECK_PAGE,
  CONSOLE_FILES,
  CONSOLE_PAGE,
  CONSOLE_PAGE_HEADERS,
  readConsoleAssets,
  roomPageHeaders,
  WATCH_PAGE,
  WATCH_PAGE_HEADERS,
} from '@millrace/console';
import type { ConsoleFile, PageHeaders } from '@millrace/console';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { addPublicRoute } from '../http/public-routes.ts';
import { sendAsset, sendPage } from '../html/send-page.ts';
import { FOR_EVER, StaticFile } from './static-file.ts';

export interface PageAddresses {
  readonly publicSignalingUrl: string;
  /** undefined: there is no identity provider to log in at. */
  readonly oidcIssuer: string | undefined;
  readonly oidcName: string;
}

/** What the pages ask for to find the signaling service and the identity provider. */
const CONFIG_PATH = '/assets/console/config.json';

export function registerPages(
  server: FastifyInstance,
  { publicSignalingUrl, oidcIssuer, oidcName }: PageAddresses,
): void {
  addPublicRoute(server, { method: 'GET', url: '/', handler: (_request, reply) => reply.redirect(CONSOLE_PAGE.path) });
  for (const file of CONSOLE_FILES) addStaticFile(server, file);
  const config = JSON.stringify({
    signaling_url: publicSignalingUrl,
    identity_provider: oidcIssuer === undefined ? null : oidcName,
  });
  addPublicRoute(server, {
    method: 'GET',
    url: CONFIG_PATH,
    handler: (_request, reply) => sendAsset(reply, 'application/json; charset=utf-8', config),
  });
  addConsole(server);
  // A page is the same for every id; the status says at once what cannot be an id.
  addPage(server, WATCH_PAGE, () => WATCH_PAGE_HEADERS, hasId('pbk', 'playback_id'));
  const headers = (page: string): PageHeaders => roomPageHeaders(page, publicSignalingUrl);
  addPage(server, CALL_PAGE, headers, hasId('room', 'room'));
  addPage(server, CHECK_PAGE, headers);
}

/** Its page is the same at every path; what it loads has names that change with what is in it. */
function addConsole(server: FastifyInstance): void {
  addPage(server, CONSOLE_PAGE, () => CONSOLE_PAGE_HEADERS);
  addPage(server, { ...CONSOLE_PAGE, path: `${CONSOLE_PAGE.path}/*` }, () => CONSOLE_PAGE_HEADERS);
  let assets: ReadonlyMap<string, StaticFile> | undefined;
  addPublicRoute(server, {
    method: 'GET',
    url: `${CONSOLE_PAGE.path}/assets/:file`,
    handler: (request, reply) => {
      assets ??= new Map(readConsoleAssets().map((file) => [file.path, new StaticFile(file, FOR_EVER)]));
      const asset = assets.get(request.url.split('?', 1)[0] ?? '');
      return asset === undefined ? reply.callNotFound() : asset.send(request, reply);
    },
  });
}

function addPage(
  server: FastifyInstance,
  file: ConsoleFile,
  headersOf: (page: string) => PageHeaders,
  exists: (request: FastifyRequest) => boolean = () => true,
): void {
  const content = new StaticFile(file);
  addPublicRoute(server, {
    method: 'GET',
    url: file.path,
    handler: (request, reply) => {
      const page = content.text();
      return sendPage(reply.code(exists(request) ? 200 : 404), page, headersOf(page));
    },
  });
}

function addStaticFile(server: FastifyInstance, file: ConsoleFile): void {
  const content = new StaticFile(file);
  addPublicRoute(server, { method: 'GET', url: file.path, handler: (request, reply) => content.send(request, reply) });
}

const hasId =
  (kind: Parameters<typeof isId>[0], parameter: string) =>
  ({ params }: FastifyRequest): boolean =>
    isId(kind, (params as Record<string, string>)[parameter] ?? '');
