// What a handler may ask about a message of the in-process transport: the same as over NATS.
import { BaseRpcContext } from '@nestjs/microservices';
import { TRACEPARENT_HEADER } from './traced-record.ts';

export class InProcessContext extends BaseRpcContext<[subject: string, headers: ReadonlyMap<string, string>]> {
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
