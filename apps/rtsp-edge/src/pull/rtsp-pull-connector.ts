import { Injectable } from '@nestjs/common';
import type { TakenSource } from '@millrace/control';
import { sourceAddresses } from '@millrace/ingest';
import type { PullAttempt, PullConnector, PullObserver } from '@millrace/ingest';
import type { OutboundAddresses } from '@millrace/service-kit';
import { RtspEdgeContext } from '../channel/rtsp-edge-context.ts';
import { PROTOCOLS } from '../protocols.ts';
import { RtspPull } from './rtsp-pull.ts';

@Injectable()
export class RtspPullConnector implements PullConnector {
  readonly protocols = PROTOCOLS;
  readonly #addresses: OutboundAddresses;

  constructor(private readonly context: RtspEdgeContext) {
    this.#addresses = sourceAddresses(context.settings);
  }

  open(source: TakenSource, observer: PullObserver): PullAttempt {
    return RtspPull.open(source, observer, this.context, this.#addresses);
  }
}
