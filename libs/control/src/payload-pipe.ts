// Checks a message before its handler sees it.
import type { PipeTransform } from '@nestjs/common';
import { RpcException } from '@nestjs/microservices';
import type { z } from 'zod';

/**
 * For a handler's parameter: `@Payload(new PayloadPipe(cutPublisherSchema)) event: CutPublisher`. A request with a wrong
 * payload is answered with an error, an event with one is dropped; both are logged by Nest.
 */
export class PayloadPipe<T> implements PipeTransform<unknown, T> {
  readonly #schema: z.ZodType<T>;

  constructor(schema: z.ZodType<T>) {
    this.#schema = schema;
  }

  transform(value: unknown): T {
    const result = this.#schema.safeParse(value);
    if (result.success) return result.data;
    const places = result.error.issues.map((issue) => issue.path.join('.') || 'payload');
    throw new RpcException(`malformed message: ${places.join(', ')}`);
  }
}
