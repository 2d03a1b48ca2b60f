import { applyDecorators, HttpCode } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { z } from 'zod';

export interface RouteDescription {
  readonly summary: string;
  readonly description?: string;
  /** Of the answer when all goes well; 200 when not given, 204 without a schema. */
  readonly status?: number;
  readonly answer?: z.ZodType;
}

/** Names a route's status and describes it for the OpenAPI document; error answers are added there for every route. */
export function Describe({ summary, description = '', status, answer }: RouteDescription): MethodDecorator {
  const code = status ?? (answer === undefined ? 204 : 200);
  return applyDecorators(
    HttpCode(code),
    ApiOperation({ summary, description }),
    ApiResponse({ status: code, description: summary, ...(answer === undefined ? {} : { standardSchema: answer }) }),
  );
}
