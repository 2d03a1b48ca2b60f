// A client for control messages over a bus that others share: what it asks is sealed to the gateways, what they answer to it.
import { ClientProxy, NatsRecord } from '@nestjs/microservices';
import type { ReadPacket, WritePacket } from '@nestjs/microservices';
import { defer, firstValueFrom, map, switchMap } from 'rxjs';
import type { Observable } from 'rxjs';
import { firstReply } from '../first-reply.ts';
import { SealRefused, sealRequest } from '../seal/request-sealer.ts';
import type { SealedExchange } from '../seal/request-sealer.ts';
import { gatewayKeySchema, sealedSubject, SealSubject } from '../seal/seal-messages.ts';
import type { GatewayKey } from '../seal/seal-messages.ts';

/** How long one gateway may take to say its key before another one is asked. */
const KEY_TIMEOUT_MS = 1_000;

interface KnownKey {
  readonly key: GatewayKey;
  /** When it was answered, by this process's clock that only grows. */
  readonly sinceMs: number;
}

export class SealedClient extends ClientProxy {
  readonly #inner: ClientProxy;
  #key: Promise<KnownKey> | undefined;

  /** @param inner carries what is sealed, and events, which are not */
  constructor(inner: ClientProxy) {
    super();
    this.#inner = inner;
  }

  connect(): Promise<unknown> {
    return this.#inner.connect() as Promise<unknown>;
  }

  close(): unknown {
    return this.#inner.close();
  }

  unwrap<T>(): T {
    return this.#inner.unwrap<T>();
  }

  protected publish(packet: ReadPacket, callback: (packet: WritePacket) => void): () => void {
    const answers = this.#ask(this.normalizePattern(packet.pattern as string), packet.data).subscribe({
      next: (response) => callback({ response, isDisposed: true }),
      error: (err: unknown) => callback({ err, isDisposed: true }),
    });
    return () => answers.unsubscribe();
  }

  protected async dispatchEvent<T>({ pattern, data }: ReadPacket): Promise<T> {
    return firstValueFrom(this.#inner.emit<T>(pattern as string, data as object), { defaultValue: undefined as T });
  }

  #ask(subject: string, request: unknown): Observable<unknown> {
    const { data, headers } =
      request instanceof NatsRecord ? (request as NatsRecord<unknown, unknown>) : { data: request, headers: undefined };
    return defer(() => this.#gatewayKey()).pipe(
      switchMap(({ key, sinceMs }) => {
        const atMs = Math.round(key.nowMs + performance.now() - sinceMs);
        const exchange = sealRequest(key, subject, data, atMs);
        const message = headers === undefined ? exchange.request : new NatsRecord(exchange.request, headers);
        return this.#inner
          .send<unknown, object>(sealedSubject(subject), message)
          .pipe(map((answer) => this.#open(exchange, answer)));
      }),
    );
  }

  #open(exchange: SealedExchange, answer: unknown): unknown {
    try {
      return exchange.openAnswer(answer);
    } catch (error) {
      // The key may be an old one, and its date with it: the next attempt asks for a new one.
      if (error instanceof SealRefused) this.#key = undefined;
      throw error;
    }
  }

  async #gatewayKey(): Promise<KnownKey> {
    this.#key ??= this.#fetchKey();
    const asked = this.#key;
    const known = await asked.catch((error: unknown) => {
      this.#forget(asked);
      throw error;
    });
    if (performance.now() - known.sinceMs < known.key.useForMs) return known;
    this.#forget(asked);
    return this.#gatewayKey();
  }

  /** Unless a newer one has been asked for meanwhile. */
  #forget(asked: Promise<KnownKey>): void {
    if (this.#key === asked) this.#key = undefined;
  }

  async #fetchKey(): Promise<KnownKey> {
    const answer = await firstReply(this.#inner.send<unknown, object>(SealSubject.gatewayKey, {}), KEY_TIMEOUT_MS);
    return { key: gatewayKeySchema.parse(answer), sinceMs: performance.now() };
  }
}
