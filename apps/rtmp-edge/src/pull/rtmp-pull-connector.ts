import { Injectable } from '@nestjs/common';
import { sourceProtocolOf } from '@millrace/control';
import type { TakenSource } from '@millrace/control';
import { sourceAddresses } from '@millrace/ingest';
import type { PullAttempt, PullConnector, PullObserver } from '@millrace/ingest';
import type { OutboundAddresses } from '@millrace/service-kit';
import { EdgeContext } from '../ingest/edge-context.ts';
import { HTTP_FLV, INGEST_PROTOCOLS } from '../protocols.ts';
import { HttpFlvPull } from './http-flv-pull.ts';
import { RtmpPull } from './rtmp-pull.ts';

@Injectable()
export class RtmpPullConnector implements PullConnector {
  readonly protocols = INGEST_PROTOCOLS;
  readonly #addresses: OutboundAddresses;

  constructor(private readonly context: EdgeContext) {
    this.#addresses = sourceAddresses(context.settings);
  }

  open(source: TakenSource, observer: PullObserver): PullAttempt {
    const Pull = sourceProtocolOf(new URL(source.url)) === HTTP_FLV ? HttpFlvPull : RtmpPull;
    return Pull.open(source, observer, this.context, this.#addresses);
  }
}
