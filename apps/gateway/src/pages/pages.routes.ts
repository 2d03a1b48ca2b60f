// The pages for people: what this server is, and the watch page with what it loads.
import { isId } from '@millrace/domain';
import { CONSOLE_FILES, CONSOLE_SECURITY_POLICY, WATCH_PAGE, type ConsoleFile } from '@millrace/console';
import type { FastifyInstance } from 'fastify';
import { addPublicRoute } from '../http/public-routes.ts';
import { landingPage } from './landing-page.ts';
import { sendPage } from './send-page.ts';
import { StaticFile } from './static-file.ts';

export function registerPages(server: FastifyInstance, publicRtmpUrl: string): void {
  const landing = landingPage(publicRtmpUrl);
  addPublicRoute(server, { method: 'GET', url: '/', handler: (_request, reply) => sendPage(reply, landing) });
  for (const file of CONSOLE_FILES) addStaticFile(server, file);
  const watch = new StaticFile(WATCH_PAGE);
  addPublicRoute(server, {
    method: 'GET',
    url: WATCH_PAGE.path,
    // The page is the same for every id; the status says at once what cannot be an id.
    handler: (request, reply) =>
      sendPage(reply.code(isPlaybackId(request.params) ? 200 : 404), watch.text(), CONSOLE_SECURITY_POLICY),
  });
}

function addStaticFile(server: FastifyInstance, file: ConsoleFile): void {
  const content = new StaticFile(file);
  addPublicRoute(server, { method: 'GET', url: file.path, handler: (request, reply) => content.send(request, reply) });
}

const isPlaybackId = (params: unknown): boolean => isId('pbk', (params as { playback_id: string }).playback_id);
