// The control plane's part of a trace: the handler of a message is a child of the span that sent it.
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { BaseRpcContext } from '@nestjs/microservices';
import { Observable } from 'rxjs';
import { failureOf } from './tracer.ts';
import type { Tracer } from './tracer.ts';

/** What the contexts of both transports have. */
interface WithHeaders {
  getHeaders(): { get(name: string): string | undefined } | undefined;
}

/** For `app.useGlobalInterceptors` where traces are on. Messages that belong to no trace get no span. */
export class TraceInterceptor implements NestInterceptor {
  readonly #tracer: Tracer;

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (execution.getType() !== 'rpc') return next.handle();
    const context: BaseRpcContext<unknown[]> = execution.switchToRpc().getContext();
    const parent = traceparentOf(context);
    if (parent === undefined) return next.handle();
    const subject = String(context.getArgByIndex(0));
    return new Observable((subscriber) => {
      const span = this.#tracer.start(`control ${subject}`, {
        kind: 'consumer',
        parent,
        attributes: { 'messaging.destination.name': subject },
      });
      return this.#tracer.within(span, () =>
        next.handle().subscribe({
          next: (answer) => subscriber.next(answer),
          error: (error: unknown) => {
            span.end({ failure: failureOf(error) });
            subscriber.error(error);
          },
          complete: () => {
            span.end();
            subscriber.complete();
          },
        }),
      );
    });
  }
}

function traceparentOf(context: object): string | undefined {
  if (!('getHeaders' in context) || typeof context.getHeaders !== 'function') return undefined;
  // A NATS header that is not there reads as an empty text.
  return (context as WithHeaders).getHeaders()?.get('traceparent') || undefined;
}
