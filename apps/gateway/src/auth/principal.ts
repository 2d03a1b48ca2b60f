// Who asks: found by the guard, used by services to narrow every query.
import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { EntityManager } from 'typeorm';
import { ProblemError } from '../http/problem-error.ts';
import { hasScope } from './scopes.ts';
import type { Scope } from './scopes.ts';

export const ACTOR_TYPES = ['operator_key', 'api_key', 'user'] as const;

/** What the caller has shown: a key, or the session of a user. */
export interface Actor {
  readonly type: (typeof ACTOR_TYPES)[number];
  /** Null: the operator key of the settings, which has no row. */
  readonly id: string | null;
  readonly name: string | null;
}

/** `MILLRACE_OPERATOR_KEY`. */
export const SET_OPERATOR_KEY: Actor = { type: 'operator_key', id: null, name: null };

/** How many requests per second a tenant may send; null: as the settings say. */
export interface TenantApiRates {
  readonly read: number | null;
  readonly write: number | null;
}

/** What a key or a session gives access to. */
export type CallerIdentity = {
  readonly actor: Actor;
  /** When the request came with the cookie of a session rather than with a key. */
  readonly consoleSessionId?: string;
} & (
  | { readonly kind: 'operator' }
  | {
      readonly kind: 'tenant';
      readonly tenantId: string;
      readonly scopes: readonly string[];
      readonly apiRates?: TenantApiRates;
    }
);

/** What a change needs to know of the request that makes it. */
export interface RequestFacts {
  readonly id: string;
  /** Of the client. */
  readonly address: string;
  /** What the route does, such as `live_stream.create`. */
  readonly action: string;
  /** The header `If-Match`. */
  readonly ifMatch: string | undefined;
  /** Runs in the transaction of each recorded change: makes it one with what the request needs to be true. */
  inTransaction?: (manager: EntityManager) => Promise<void>;
}

export type Principal = CallerIdentity & { readonly request: RequestFacts };

const principals = new WeakMap<FastifyRequest, Principal>();

export function setPrincipal(request: FastifyRequest, principal: Principal): void {
  principals.set(request, principal);
}

/** Who asked, unless the guard has turned them away. */
export const principalIfKnown = (request: FastifyRequest): Principal | undefined => principals.get(request);

/** Hands the caller to a controller. A route that forgot its guard fails here rather than serving every caller. */
export const Caller = createParamDecorator((_data: unknown, context: ExecutionContext): Principal => {
  const principal = principals.get(context.switchToHttp().getRequest<FastifyRequest>());
  if (principal === undefined) throw new ProblemError('unauthenticated', 'This request requires a key.');
  return principal;
});

/** The condition that keeps a query inside the caller's tenant; empty for the operator, who sees every tenant. */
export const ownedBy = (caller: Principal): { tenantId?: string } =>
  caller.kind === 'operator' ? {} : { tenantId: caller.tenantId };

/** The tenant that a list is narrowed to: the caller's own, or the one that the operator asks for. */
export function listScope(caller: Principal, wished: string | undefined): { tenantId?: string } {
  if (caller.kind === 'operator') return wished === undefined ? {} : { tenantId: wished };
  if (wished !== undefined && wished !== caller.tenantId) throw notFound();
  return { tenantId: caller.tenantId };
}

/** The one answer for what does not exist and for what belongs to another tenant. */
export const notFound = (): ProblemError =>
  new ProblemError('not_found', 'There is nothing with this id that this key may access.');

/** What only the operator may do to a thing that the caller is known to see. */
export function requireOperator(caller: Principal): void {
  if (caller.kind !== 'operator') throw new ProblemError('insufficient_scope', 'This requires the operator key.');
}

/** @throws ProblemError when the caller's key lacks this scope */
export function requireScope(caller: CallerIdentity, scope: Scope): void {
  if (caller.kind === 'tenant' && !hasScope(caller.scopes, scope))
    throw new ProblemError(
      'insufficient_scope',
      `This ${caller.actor.type === 'user' ? 'user' : 'key'} lacks the scope \`${scope}\`.`,
    );
}

/** Which turn a change of a row takes: callers of different tenants that name the same row do not wait for each other. */
export const turnOf = (caller: Principal, id: string): string =>
  caller.kind === 'operator' ? id : `${caller.tenantId} ${id}`;

/** What limits count by when they count callers. */
export const callerKey = ({ actor }: CallerIdentity): string => actor.id ?? 'operator';

/** Whose share of a limit a request takes. */
export const shareOf = (caller: CallerIdentity): string => (caller.kind === 'operator' ? 'operator' : caller.tenantId);
