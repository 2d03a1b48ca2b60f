import { Injectable } from '@nestjs/common';
import { sourceProtocolOf } from '@millrace/control';
import type { TakenSource } from '@millrace/control';
import { sourceAddresses } from '@millrace/ingest';
import type { PullAttempt, PullConnector, PullObserver } from '@millrace/ingest';
import type { OutboundAddresses } from '@millrace/service-kit';
import { HLS, INGEST_PROTOCOLS, SrtEdgeContext } from '../srt-edge-context.ts';
import { HlsPull } from './hls-pull.ts';
import { SrtPull } from './srt-pull.ts';

@Injectable()
export class SrtPullConnector implements PullConnector {
  readonly protocols = INGEST_PROTOCOLS;
  readonly #addresses: OutboundAddresses;

  constructor(private readonly context: SrtEdgeContext) {
    this.#addresses = sourceAddresses(context.settings);
  }

  open(source: TakenSource, observer: PullObserver): PullAttempt {
    const Pull = sourceProtocolOf(new URL(source.url)) === HLS ? HlsPull : SrtPull;
    return Pull.open(source, observer, this.context, this.#addresses);
  }
}
