// The pages for people: what this server is, the watch page, the pages with rooms in them, and what they load.
import { isId } from '@millrace/domain';
import {
  CALL_PAGE,
  CHECK_PAGE,
  CONSOLE_FILES,
  roomPageHeaders,
  WATCH_PAGE,
  WATCH_PAGE_HEADERS,
} from '@millrace/console';
import type { ConsoleFile, PageHeaders } from '@millrace/console';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { addPublicRoute } from '../http/public-routes.ts';
import { landingPage } from './landing-page.ts';
import { sendAsset, sendPage } from '../html/send-page.ts';
import { StaticFile } from './static-file.ts';

export interface PageAddresses {
  readonly publicRtmpUrl: string;
  readonly publicSignalingUrl: string;
}

/** What the pages ask for to find the signaling service. */
const CONFIG_PATH = '/assets/console/config.json';

export function registerPages(server: FastifyInstance, { publicRtmpUrl, publicSignalingUrl }: PageAddresses): void {
  const landing = landingPage(publicRtmpUrl);
  addPublicRoute(server, { method: 'GET', url: '/', handler: (_request, reply) => sendPage(reply, landing) });
  for (const file of CONSOLE_FILES) addStaticFile(server, file);
  const config = JSON.stringify({ signaling_url: publicSignalingUrl });
  addPublicRoute(server, {
    method: 'GET',
    url: CONFIG_PATH,
    handler: (_request, reply) => sendAsset(reply, 'application/json; charset=utf-8', config),
  });
  // A page is the same for every id; the status says at once what cannot be an id.
  addPage(server, WATCH_PAGE, () => WATCH_PAGE_HEADERS, hasId('pbk', 'playback_id'));
  const headers = (page: string): PageHeaders => roomPageHeaders(page, publicSignalingUrl);
  addPage(server, CALL_PAGE, headers, hasId('room', 'room'));
  addPage(server, CHECK_PAGE, headers);
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
