import type { FastifyRequest } from 'fastify';
import type { RequestFacts } from '../auth/principal.ts';

/** What an audit event says of a log-in: its route has no guard that would find this out. */
export const loginFacts = ({ id, raw, server }: FastifyRequest, action: string): RequestFacts => ({
  id,
  address: server.clientAddresses.of(raw),
  action,
  ifMatch: undefined,
});
