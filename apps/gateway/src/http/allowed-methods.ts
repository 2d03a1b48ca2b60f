// Which methods an address takes, for 405 answers: the router itself only says that it found nothing.
import type { FastifyInstance } from 'fastify';

interface Route {
  readonly segments: readonly string[];
  readonly methods: readonly string[];
}

/** Watches routes being added and answers which of them an address would match. */
export class AllowedMethods {
  private readonly routes: Route[] = [];

  /** Call before any route is added. */
  watch(server: FastifyInstance): void {
    server.addHook('onRoute', ({ url, method }) => {
      this.routes.push({ segments: url.split('/'), methods: Array.isArray(method) ? method : [method] });
    });
  }

  /** The methods of every route that matches the path of this request target, sorted. */
  at(url: string): string[] {
    const segments = (url.split('?', 1)[0] ?? '').split('/');
    const methods = this.routes.filter((route) => matches(route.segments, segments)).flatMap((route) => route.methods);
    return [...new Set(methods)].sort();
  }
}

/** Static parts compare as they are: an address that is spelled in another way has no route. */
function matches(pattern: readonly string[], path: readonly string[]): boolean {
  if (pattern.at(-1) === '*') {
    if (path.length < pattern.length) return false;
  } else if (pattern.length !== path.length) return false;
  return pattern.every((part, i) => part === '*' || (part.startsWith(':') ? path[i] !== '' : part === path[i]));
}
