// Live packagers in memory: the same rules as the Redis scripts.
import type { PackagerAnnouncement } from '@millrace/domain';

interface LivePackager extends PackagerAnnouncement {
  readonly untilMs: number;
}

export class MemoryPackagers {
  readonly #packagers = new Map<string, LivePackager>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  announce(packagers: readonly PackagerAnnouncement[], ttlMs: number): void {
    this.sweep();
    const untilMs = this.#nowMs() + ttlMs;
    for (const packager of packagers) this.#packagers.set(packager.instanceId, { ...packager, untilMs });
  }

  read(): PackagerAnnouncement[] {
    const now = this.#nowMs();
    return [...this.#packagers.values()]
      .filter(({ untilMs }) => untilMs > now)
      .map(({ instanceId, features }) => ({ instanceId, features }));
  }

  sweep(): void {
    const now = this.#nowMs();
    for (const [id, { untilMs }] of this.#packagers) if (untilMs <= now) this.#packagers.delete(id);
  }
}
