// nginx as the cache in front of gateways, set up by the configuration that a guide shows.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts, ManagedProcess, requireProgram } from '@millrace/tools/processes';
import { temporaryFolder } from './temporary-folder.ts';

/** A request as nginx has logged it. */
export interface LoggedRequest {
  readonly status: number;
  /** The path with its query. */
  readonly uri: string;
  /** What the cache made of it: HIT, MISS, … */
  readonly cache: string;
  /** The gateway that was asked; undefined for an answer from the cache. */
  readonly origin: string | undefined;
}

export interface NginxCache {
  readonly url: string;
  /** What was asked since the start, in the order of the answers. */
  requests(): LoggedRequest[];
  stop(): Promise<void>;
}

/**
 * @param site what the guide shows, which has its cache in /var/cache/nginx, listens on port 80 and asks 127.0.0.1:8080
 * @param gateways hosts and ports to ask instead: as many lines of its upstream, or the one address
 */
export async function startNginxCache(site: string, gateways: readonly string[]): Promise<NginxCache> {
  const folder = temporaryFolder('nginx');
  const [port = 0] = await freePorts(1);
  const log = join(folder.path, 'requests.log');
  const here = site
    .replace('/var/cache/nginx', join(folder.path, 'cache'))
    .replace('listen 80;', `listen 127.0.0.1:${port}; add_header X-Cache $upstream_cache_status;`)
    .replace('server 127.0.0.1:8080;', gateways.map((gateway) => `server ${gateway};`).join(' '))
    .replace('127.0.0.1:8080', gateways[0]!);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${join(folder.path, name)};`)
    .join(' ');
  const file = join(folder.path, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off; master_process off; pid ${join(folder.path, 'pid')}; error_log stderr; events { worker_connections 4096; }
     http {
       log_format lines '$status $request_uri $upstream_cache_status $upstream_addr'; access_log ${log} lines;
       ${temporary} ${here}
     }`,
  );
  const nginx = new ManagedProcess({
    name: 'nginx',
    command: requireProgram('nginx', 'libnginx-mod-rtmp'),
    args: ['-p', folder.path, '-c', file, '-e', 'stderr'],
    cwd: folder.path,
    env: () => ({}),
    isReady: async () => (await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined)) !== undefined,
  });
  await nginx.start();
  return {
    url: `http://127.0.0.1:${port}`,
    requests: () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => {
          const [status, uri = '', cache = '', origin = '-'] = line.split(' ');
          return { status: Number(status), uri, cache, origin: origin === '-' ? undefined : origin };
        }),
    stop: async () => {
      await nginx.stop();
      folder.remove();
    },
  };
}
