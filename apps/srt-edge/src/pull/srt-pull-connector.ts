import { Injectable } from '@nestjs/common';
import type { TakenSource } from '@millrace/control';
import type { PullAttempt, PullConnector, PullObserver } from '@millrace/ingest';
import { OutboundAddresses } from '@millrace/service-kit';
import { HLS, SrtEdgeContext } from '../srt-edge-context.ts';
import { HlsPull } from './hls-pull.ts';

@Injectable()
export class SrtPullConnector implements PullConnector {
  readonly protocols = [HLS];
  readonly #addresses: OutboundAddresses;

  constructor(private readonly context: SrtEdgeContext) {
    this.#addresses = new OutboundAddresses(context.settings.pullAllowedAddresses);
  }

  open(source: TakenSource, observer: PullObserver): PullAttempt {
    return HlsPull.open(source, observer, this.context, this.#addresses);
  }
}
