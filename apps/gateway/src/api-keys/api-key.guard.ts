import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ACCESS_METADATA, type AccessLevel } from '../auth/access.ts';
import { Authenticator } from './authenticator.ts';
import { WrongKey } from '../auth/auth.errors.ts';
import { requireOperator, setPrincipal, type Principal } from '../auth/principal.ts';

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
    const access = this.reflector.getAllAndOverride<AccessLevel | undefined>(ACCESS_METADATA, targets);
    if (access === 'public') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const principal = await this.authenticate(request);
    await request.server.apiRates.enter(keyOf(principal), context.switchToHttp().getResponse<FastifyReply>());
    if (access === undefined || access === 'operator') requireOperator(principal);
    setPrincipal(request, principal);
    return access !== undefined;
  }

  private async authenticate(request: FastifyRequest): Promise<Principal> {
    try {
      return await this.authenticator.authenticate(request.headers.authorization);
    } catch (error) {
      if (!(error instanceof WrongKey)) throw error;
      throw request.server.apiRates.countWrongKey(request) ?? error;
    }
  }
}

/** What limits per key count by. */
const keyOf = (principal: Principal): string => (principal.kind === 'operator' ? 'operator' : principal.apiKeyId);
