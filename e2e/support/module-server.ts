// Serves the compiled modules of the rooms client to a browser, and a page to load them into.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';

const dist = resolve(import.meta.dirname, '../../libs/rooms-client/dist');
/** The page's global `client` is what the package exports; `load` gets any other module of it. */
const PAGE = `<!doctype html><title>rooms client</title>
<script type="module">
  globalThis.load = (path) => import(path);
  globalThis.client = await import('/index.js');
</script>`;

export interface ModuleServer {
  readonly url: string;
  close(): Promise<void>;
}

export async function serveRoomsClient(): Promise<ModuleServer> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://host').pathname;
    if (path === '/') return void response.setHeader('content-type', 'text/html').end(PAGE);
    readFile(join(dist, path)).then(
      (body) => response.setHeader('content-type', 'text/javascript').end(body),
      () => response.writeHead(404).end(),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
