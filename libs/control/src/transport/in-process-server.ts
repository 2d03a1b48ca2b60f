// The server side of the in-process transport: a Nest transport strategy.
import { isObservable, of } from 'rxjs';
import type { Observable } from 'rxjs';
import { BaseRpcContext, Server } from '@nestjs/microservices';
import type { CustomTransportStrategy, WritePacket } from '@nestjs/microservices';
import type { InProcessBus, InProcessListener, InProcessPacket } from './in-process-bus.ts';
import { TRACEPARENT_HEADER } from './traced-record.ts';

/** What a handler may ask about a message: the same as over NATS. */
class InProcessContext extends BaseRpcContext<[subject: string, headers: ReadonlyMap<string, string>]> {
  constructor(subject: string, traceparent: string | undefined) {
    super([subject, new Map(traceparent === undefined ? [] : [[TRACEPARENT_HEADER, traceparent]])]);
  }

  getSubject(): string {
    return this.args[0];
  }

  getHeaders(): ReadonlyMap<string, string> {
    return this.args[1];
  }
}

/** What Nest makes of a controller's method. */
type Handler = (data: unknown, context: BaseRpcContext) => Promise<unknown>;

const asObservable = (result: unknown): Observable<unknown> => (isObservable(result) ? result : of(result));

export class InProcessServer extends Server implements CustomTransportStrategy, InProcessListener {
  override readonly transportId = Symbol('InProcessControl');
  readonly #queue: string | undefined;
  readonly #bus: InProcessBus;

  constructor(bus: InProcessBus, queue: string | undefined) {
    super();
    this.#bus = bus;
    this.#queue = queue;
  }

  listen(callback: () => void): void {
    this.#bus.add(this);
    callback();
  }

  close(): void {
    this.#bus.remove(this);
  }

  queueOf(subject: string): string | undefined {
    const extras = this.messageHandlers.get(subject)?.extras as { readonly queue?: string } | undefined;
    return (extras?.queue ?? this.#queue) || undefined;
  }

  hears(subject: string): boolean {
    return this.messageHandlers.has(subject);
  }

  receive(subject: string, packet: InProcessPacket, respond: (packet: WritePacket) => void): void {
    this.#handle(subject, packet, respond).catch((error: unknown) => void this.logger.error(error));
  }

  async #handle(subject: string, packet: InProcessPacket, respond: (packet: WritePacket) => void): Promise<void> {
    const context = new InProcessContext(subject, packet.traceparent);
    if (packet.id === undefined) {
      await this.handleEvent(subject, packet, context);
      return;
    }
    const handler: Handler | null = this.getHandlerByPattern(subject);
    if (!handler) {
      respond({ err: 'no handler', isDisposed: true });
      return;
    }
    this.handleRequest(
      context,
      async () => asObservable(await handler(packet.data, context)),
      (answer: WritePacket) => respond(JSON.parse(JSON.stringify(answer)) as WritePacket),
    );
  }

  on(): void {
    throw new Error('the in-process transport has no events');
  }

  unwrap<T>(): T {
    return this.#bus as T;
  }
}
