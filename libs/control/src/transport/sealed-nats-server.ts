// The gateways' side of control messages over NATS: requests come sealed, and answers go back sealed.
import type { NatsConnection } from '@nats-io/transport-node';
import { NatsContext, ServerNats } from '@nestjs/microservices';
import type { MessageHandler, NatsOptions } from '@nestjs/microservices';
import { from, isObservable, map, of } from 'rxjs';
import type { Observable } from 'rxjs';
import { ControlSubject } from '../messages.ts';
import type { GatewayKeys } from '../seal/gateway-keys.ts';
import type { RequestOpener } from '../seal/request-opener.ts';
import { sealedSubject, SealSubject } from '../seal/seal-messages.ts';
import type { SealedAnswer } from '../seal/seal-messages.ts';

/** Requests that change something: a repetition at another gateway must be noticed too. */
const CHANGING: ReadonlySet<string> = new Set([ControlSubject.authorizePublish, ControlSubject.authorizePlayback]);

export interface SealedServerOptions {
  readonly keys: GatewayKeys;
  readonly opener: RequestOpener;
  /** Whether requests in the form before sealing are answered too, in clear. */
  readonly acceptClear: boolean;
}

export class SealedNatsServer extends ServerNats {
  readonly #opener: RequestOpener;
  readonly #acceptClear: boolean;

  constructor(options: NonNullable<NatsOptions['options']>, { keys, opener, acceptClear }: SealedServerOptions) {
    super(options);
    this.#opener = opener;
    this.#acceptClear = acceptClear;
    super.addHandler(SealSubject.gatewayKey, async () => of(keys.published()));
  }

  override addHandler(
    pattern: unknown,
    callback: MessageHandler,
    isEventHandler = false,
    extras: Record<string, unknown> = {},
  ): void {
    if (isEventHandler || typeof pattern !== 'string')
      return super.addHandler(pattern, callback, isEventHandler, extras);
    super.addHandler(sealedSubject(pattern), this.#sealed(pattern, callback), false, extras);
    if (this.#acceptClear) super.addHandler(pattern, callback, false, extras);
  }

  /** It listens once the server has its subscriptions: a gateway that is ready finds no request unanswered. */
  override start(callback: (error?: unknown) => void): void {
    super.start(() => {
      this.unwrap<NatsConnection>()
        .flush()
        .then(() => callback(), callback);
    });
  }

  #sealed(subject: string, callback: MessageHandler): MessageHandler {
    return async (message: unknown, context: NatsContext): Promise<Observable<SealedAnswer>> => {
      const opened = await this.#opener.open(subject, message, CHANGING.has(subject));
      if ('refusal' in opened) return of({ refusal: opened.refusal });
      // Handlers and traces know the request by its own name, sealed or not.
      const answer: unknown = await callback(opened.data, new NatsContext([subject, context.getHeaders()]));
      const answers = isObservable(answer) ? from(answer) : of(answer);
      return answers.pipe(map((value) => ({ box: opened.sealAnswer(value) })));
    };
  }
}
