// The edge begins and stops with its Nest application.
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { RtmpEdge } from './rtmp-edge.ts';

@Injectable()
export class RtmpEdgeService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #edge: RtmpEdge;

  constructor(@Inject(RtmpEdge) edge: RtmpEdge) {
    this.#edge = edge;
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.#edge.listen();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#edge.drain();
  }
}
