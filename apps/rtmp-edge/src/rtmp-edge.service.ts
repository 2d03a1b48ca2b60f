// The edge begins and stops with its Nest application.
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { UsageReporter } from '@millrace/control';
import { RtmpEdge } from './rtmp-edge.ts';

@Injectable()
export class RtmpEdgeService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #edge: RtmpEdge;
  readonly #usage: UsageReporter;

  constructor(@Inject(RtmpEdge) edge: RtmpEdge, @Inject(UsageReporter) usage: UsageReporter) {
    this.#edge = edge;
    this.#usage = usage;
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.#edge.listen();
    this.#usage.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#edge.drain();
    await this.#usage.stop();
  }
}
