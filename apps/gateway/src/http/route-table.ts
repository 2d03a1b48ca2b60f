// Every route of the server: for 405 answers, since the router only says that it found nothing, and for tests.
import type { FastifyInstance } from 'fastify';
import { isPublicRoute } from './public-routes.ts';

export interface KnownRoute {
  /** As it was added, such as `/v1/tenants/:tenant_id`. */
  readonly url: string;
  readonly methods: readonly string[];
  /** Outside Nest, with no guard before it. */
  readonly isPublic: boolean;
}

/** Watches routes being added. */
export class RouteTable {
  readonly #routes: KnownRoute[] = [];

  /** Call before any route is added. */
  watch(server: FastifyInstance): void {
    server.addHook('onRoute', ({ url, method, config }) => {
      const methods = Array.isArray(method) ? method : [method];
      this.#routes.push({ url, methods, isPublic: isPublicRoute(config) });
    });
  }

  get all(): readonly KnownRoute[] {
    return this.#routes;
  }

  /** The methods of every route that matches the path of this request target, sorted. */
  methodsAt(target: string): string[] {
    const path = (target.split('?', 1)[0] ?? '').split('/');
    const found = this.#routes.filter(({ url }) => matches(url.split('/'), path));
    return [...new Set(found.flatMap(({ methods }) => methods))].sort();
  }
}

/** Static parts compare as they are: an address that is spelled in another way has no route. */
function matches(pattern: readonly string[], path: readonly string[]): boolean {
  if (pattern.length !== path.length) return false;
  return pattern.every((part, i) => (part.startsWith(':') ? path[i] !== '' : part === path[i]));
}
