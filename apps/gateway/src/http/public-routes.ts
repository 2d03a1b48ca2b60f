// Routes outside Nest, which no guard protects. They are few, and each is marked, so that a test can list them.
import type { FastifyContextConfig, FastifyInstance, RouteOptions } from 'fastify';

interface PublicMark extends FastifyContextConfig {
  readonly public: true;
}

const MARK: PublicMark = { public: true };

/** Adds a route that needs no key. */
export function addPublicRoute(server: FastifyInstance, route: RouteOptions): void {
  server.route({ ...route, config: MARK });
}

export const isPublicRoute = (config: object | undefined): boolean => config === MARK;
