// Which streams viewers want that are pulled on demand: told to the live store, for all gateways.
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { CONTROL_PLANE } from '@millrace/control';
import type { ControlPlane } from '@millrace/control';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import type { Logger } from '@millrace/service-kit';
import { GATEWAY_LOGGER, GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';

/** The demand of a stream is told so many times within the time for which it is kept. */
const TOLD_PER_KEEP = 5;
/** What comes together is told together. */
const GATHER_MS = 20;

@Injectable()
export class StreamDemand implements OnApplicationShutdown {
  /** By stream: its sources on demand. */
  #sources: ReadonlyMap<string, readonly string[]> = new Map();
  /** When each was last told (`performance.now()`); of streams with such sources alone. */
  readonly #toldAtMs = new Map<string, number>();
  readonly #pending = new Set<string>();
  /** Those of them that this gateway told nothing of for so long that no edge may pull them. */
  readonly #begun = new Set<string>();
  #gathering: NodeJS.Timeout | undefined;

  constructor(
    @Inject(LIVE_STORE) private readonly store: Pick<LiveStore, 'noteDemand'>,
    @Inject(CONTROL_PLANE) private readonly control: Pick<ControlPlane, 'sourceChanged'>,
    @Inject(GATEWAY_SETTINGS) private readonly settings: Pick<GatewaySettings, 'pullOnDemandKeepMs'>,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {}

  /** @param sources those on demand, by stream, as they were read last */
  follow(sources: ReadonlyMap<string, readonly string[]>): void {
    this.#sources = sources;
    for (const streamId of this.#toldAtMs.keys()) if (!sources.has(streamId)) this.#toldAtMs.delete(streamId);
  }

  /** Whether it is pulled while there are viewers, as far as this gateway knows. */
  isOnDemand(streamId: string): boolean {
    return this.#sources.has(streamId);
  }

  /** A viewer that may watch a stream asks for it, or watches it. Costs next to nothing for streams that are not pulled on demand. */
  note(streamId: string): void {
    if (!this.#sources.has(streamId)) return;
    const nowMs = performance.now();
    const toldAtMs = this.#toldAtMs.get(streamId);
    const { pullOnDemandKeepMs: keepMs } = this.settings;
    if (toldAtMs !== undefined && nowMs - toldAtMs < keepMs / TOLD_PER_KEEP) return;
    this.#toldAtMs.set(streamId, nowMs);
    this.#pending.add(streamId);
    this.#gathering ??= setTimeout(() => void this.#tell(), GATHER_MS);
    if (toldAtMs === undefined || nowMs - toldAtMs >= keepMs) this.#begun.add(streamId);
  }

  onApplicationShutdown(): void {
    clearTimeout(this.#gathering);
  }

  async #tell(): Promise<void> {
    this.#gathering = undefined;
    const streamIds = [...this.#pending];
    const begun = [...this.#begun];
    this.#pending.clear();
    this.#begun.clear();
    try {
      await this.store.noteDemand(streamIds, this.settings.pullOnDemandKeepMs);
      // Edges ask at once, and not only within a second.
      for (const streamId of begun)
        for (const sourceId of this.#sources.get(streamId) ?? []) this.control.sourceChanged({ sourceId });
    } catch (error) {
      for (const streamId of streamIds) this.#toldAtMs.delete(streamId);
      this.logger.debug({ err: error }, 'cannot tell the live store which streams viewers want');
    }
  }
}
