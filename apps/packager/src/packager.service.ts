// The packager's life within the application's.
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { PACKAGER_OPTIONS } from './packager-options.ts';
import type { PackagerOptions } from './packager-options.ts';
import { Packager } from './packager.ts';

/** Of the process's grace time, this much is left for closing connections. */
const CLOSE_MS = 1_000;

@Injectable()
export class PackagerService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #packager: Packager;
  readonly #options: PackagerOptions;

  constructor(packager: Packager, @Inject(PACKAGER_OPTIONS) options: PackagerOptions) {
    this.#packager = packager;
    this.#options = options;
  }

  onApplicationBootstrap(): void {
    const { readiness, liveStore, frameBus } = this.#options;
    readiness.add('live_store', () => liveStore.isReady() || 'the live store cannot be reached');
    readiness.add('commit_marks', () => frameBus.marksFault() ?? true);
    readiness.add('frame_bus', () => frameBus.isReady() || 'the frame bus cannot be reached');
    this.#packager.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#packager.stop(Math.max(0, this.#options.settings.stopGraceMs - CLOSE_MS));
  }
}
