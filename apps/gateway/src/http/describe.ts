import { applyDecorators, HttpCode, UseGuards, UseInterceptors } from '@nestjs/common';
import type { CallHandler, CanActivate, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { tap } from 'rxjs';
import type { Observable } from 'rxjs';
import type { z } from 'zod';
import { unknownFields } from './problem-error.ts';

export interface RouteDescription {
  readonly summary: string;
  readonly description?: string;
  /** Of the answer when all goes well; 200 when not given, 204 without a schema. */
  readonly status?: number;
  readonly answer?: z.ZodType;
}

/**
 * Names a route's status and describes it for the OpenAPI document; error answers are added there for every route. A route without a
 * body refuses the fields of one, and 201 says where the new resource is.
 */
export function Describe({ summary, description = '', status, answer }: RouteDescription): MethodDecorator {
  const code = status ?? (answer === undefined ? 204 : 200);
  return applyDecorators(
    HttpCode(code),
    ApiOperation({ summary, description }),
    ApiResponse({
      status: code,
      description: summary,
      ...(answer === undefined ? {} : { standardSchema: answer }),
      ...(code === 201 && {
        headers: { Location: { description: 'URL of the new resource.', schema: { type: 'string' } } },
      }),
    }),
    refuseUndeclaredBody,
    ...(code === 201 ? [UseInterceptors(LocationOfCreated)] : []),
  );
}

/** Parameter decorators run before those of the method, so what the handler takes is known here. */
const refuseUndeclaredBody: MethodDecorator = (target, name, descriptor) => {
  const parameters = Object.keys((Reflect.getMetadata(ROUTE_ARGS_METADATA, target.constructor, name) ?? {}) as object);
  const takesBody = parameters.some((key) => key.startsWith(`${RouteParamtypes.BODY}:`));
  if (!takesBody) UseGuards(NoBodyGuard)(target, name, descriptor);
};

/** A field that a route does not know would otherwise be dropped in silence, and the caller believe that it counts. */
class NoBodyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { body } = context.switchToHttp().getRequest<FastifyRequest>();
    if (body === undefined || body === null) return true;
    const fields = typeof body === 'object' ? Object.keys(body) : [''];
    if (fields.length === 0 && !Array.isArray(body)) return true;
    throw unknownFields(fields);
  }
}

/** RFC 9110 §15.3.2. What has no address of its own, such as a token, has no `Location`. */
class LocationOfCreated implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(
      tap((made) => {
        if (typeof made !== 'object' || made === null || !('id' in made) || typeof made.id !== 'string') return;
        // `…/{old id}/rotate` makes a sibling of the old one.
        const collection = (request.url.split('?', 1)[0] ?? '').replace(/\/[^/]+\/rotate$/, '');
        const location = `${collection}/${made.id}`;
        if (request.server.routeTable.methodsAt(location).includes('GET')) void reply.header('location', location);
      }),
    );
  }
}
