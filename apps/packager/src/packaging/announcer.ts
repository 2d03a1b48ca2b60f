// Says that this packager is live, and what it can read, so that edges send nothing that a packager of theirs would leave out.
import { onSharedBeat, onSharedBeatWhile, PACKAGER_FEATURES } from '@millrace/domain';
import type { Beat, PackagerAnnouncement, WorkBeat } from '@millrace/domain';
import type { LiveStore } from '@millrace/live-store';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';

/** How often it says so, while packagers hold leases. */
const ANNOUNCE_MS = 1_000;
/** And while none of them does. */
const ANNOUNCE_AT_REST_MS = 5_000;
/** How many times it may fail to, beyond the life of its leases. */
const MISSED = 3;
/** How long a packager that says nothing counts as live since it was last seen with a lease: it may have none for a while. 5 min. */
const SILENT_MS = 300_000;

export interface AnnouncerOptions {
  readonly liveStore: Pick<LiveStore, 'announcePackagers' | 'readPackagers'>;
  readonly instanceId: string;
  readonly leaseTtlMs: number;
  /** Who holds leases now. */
  readonly leaseOwners: () => Iterable<string> | Promise<Iterable<string>>;
  /** Calls back whenever packagers are seen to hold leases. */
  readonly onLeaseOwners: (callback: () => void) => void;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Packagers of releases that say nothing are known by their leases: those that do speak for them. One that stops is forgotten once it can hold
 * no lease any more, so that it counts as long as it may have streams.
 */
export class Announcer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #options: AnnouncerOptions;
  #timer: WorkBeat | undefined;
  #restTimer: Beat | undefined;
  /** Whether packagers held leases when it said so last. */
  #isAtRest = true;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  /** Before any stream is taken. Does not fail: a store that is away is told later. */
  async onApplicationBootstrap(): Promise<void> {
    const timer = onSharedBeatWhile(
      ANNOUNCE_MS,
      () => !this.#isAtRest,
      () => void this.announce(),
    );
    this.#timer = timer;
    this.#restTimer = onSharedBeat(ANNOUNCE_AT_REST_MS, () => {
      if (this.#isAtRest) void this.announce();
    });
    this.#options.onLeaseOwners(() => {
      this.#isAtRest = false;
      timer.wake();
    });
    await this.announce();
  }

  beforeApplicationShutdown(): void {
    this.#timer?.stop();
    this.#restTimer?.stop();
  }

  /** Says so once. */
  async announce(): Promise<void> {
    const { liveStore, instanceId, leaseTtlMs, onFailure } = this.#options;
    try {
      const own: PackagerAnnouncement = { instanceId, features: PACKAGER_FEATURES };
      const silent = await this.#silent();
      // Before this one says that it can read more, as it may be the only one that says anything.
      if (silent.length > 0) await liveStore.announcePackagers(silent, SILENT_MS);
      const everyMs = this.#isAtRest ? ANNOUNCE_AT_REST_MS : ANNOUNCE_MS;
      await liveStore.announcePackagers([own], leaseTtlMs + MISSED * everyMs);
    } catch (error) {
      // It tries again soon.
      this.#isAtRest = false;
      this.#timer?.wake();
      onFailure(error);
    }
  }

  /** Those that hold leases and do not speak for themselves. */
  async #silent(): Promise<PackagerAnnouncement[]> {
    const { liveStore, instanceId, leaseOwners } = this.#options;
    const owners = new Set(await leaseOwners());
    this.#isAtRest = owners.size === 0;
    owners.delete(instanceId);
    if (owners.size === 0) return [];
    const known = await liveStore.readPackagers();
    const speaking = new Set(
      known.filter(({ features }) => features.length > 0).map((packager) => packager.instanceId),
    );
    const silent = [...owners].filter((owner) => !speaking.has(owner));
    return silent.map((owner) => ({ instanceId: owner, features: [] }));
  }
}
