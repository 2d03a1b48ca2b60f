import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ACCESS_METADATA } from '../auth/access.ts';
import type { RouteAccess } from '../auth/access.ts';
import { scopeOf } from '../auth/scopes.ts';
import { Authenticator } from './authenticator.ts';
import { WrongKey } from '../auth/auth.errors.ts';
import { requireOperator, requireScope, setPrincipal } from '../auth/principal.ts';
import type { CallerIdentity, Principal, RequestFacts } from '../auth/principal.ts';
import { actionOf } from '../audit/action.ts';

/** Stands before every controller: a guard, so no spelling of a path can go around it. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: Authenticator,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const targets = [context.getHandler(), context.getClass()];
    const access = this.reflector.getAllAndOverride<RouteAccess | undefined>(ACCESS_METADATA, targets);
    if (access?.level === 'public') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    request.server.apiRates.refuseKnown(request, reply);
    const identity = await this.#authenticate(request, reply);
    const principal: Principal = { ...identity, request: factsOf(request) };
    await request.server.apiRates.enter(principal, request.method, reply);
    if (access === undefined || access.level === 'operator') requireOperator(principal);
    else if (access.level === 'tenant') requireScope(principal, scopeOf(access.resource, request.method));
    setPrincipal(request, principal);
    return access !== undefined;
  }

  async #authenticate(request: FastifyRequest, reply: FastifyReply): Promise<CallerIdentity> {
    try {
      return await this.authenticator.authenticateRequest(request);
    } catch (error) {
      if (!(error instanceof WrongKey)) throw error;
      throw request.server.apiRates.countWrongKey(request, reply) ?? error;
    }
  }
}

const factsOf = (request: FastifyRequest): RequestFacts => ({
  id: request.id,
  address: request.server.clientAddresses.of(request.raw),
  action: actionOf(request.method, request.routeOptions.url ?? ''),
  ifMatch: request.headers['if-match'],
});
