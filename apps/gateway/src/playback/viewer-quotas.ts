// How many may watch at once, over all gateways: asked where a viewer begins. Tenants without such a quota cost nothing here.
import { Inject, Injectable } from '@nestjs/common';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore, ViewerGroup } from '@millrace/live-store';
import { connectionName, PlaybackMeter, viewerName } from '@millrace/playout';
import type { Viewer } from '@millrace/playout';
import type { Logger } from '@millrace/service-kit';
import { ProblemError } from '../http/problem-error.ts';
import type { PlaybackFact } from '../known/facts.ts';
import { GATEWAY_LOGGER } from '../ports/tokens.ts';
import { PlaybackDirectory } from './playback-directory.ts';

/** A viewer without a connection. */
type Player = Pick<Viewer, 'playbackId' | 'tokenId' | 'address' | 'userAgent'>;

@Injectable()
export class ViewerQuotas {
  constructor(
    private readonly directory: PlaybackDirectory,
    private readonly meter: PlaybackMeter,
    @Inject(LIVE_STORE) private readonly store: Pick<LiveStore, 'admitViewer' | 'noteViewers'>,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {}

  isLimited(playbackId: string): boolean {
    return this.directory.viewerGroups(playbackId).length > 0;
  }

  /** @throws ProblemError when a viewer that is not counted yet would be one too many */
  async admitPlayer(fact: PlaybackFact, player: Player): Promise<void> {
    const groups = this.directory.viewerGroups(player.playbackId);
    // It is told to the live store as long as it goes on asking.
    if (groups.length > 0 && !this.meter.knows(player)) await this.#admit(fact, viewerName(player), groups);
  }

  /** @returns what to count the connection by; undefined where nothing is limited. @throws ProblemError likewise */
  async admitConnection(
    fact: PlaybackFact,
    viewer: Pick<Viewer, 'playbackId' | 'tokenId'>,
  ): Promise<string | undefined> {
    const groups = this.directory.viewerGroups(viewer.playbackId);
    if (groups.length === 0) return undefined;
    const name = connectionName(viewer);
    await this.#admit(fact, name, groups);
    return name;
  }

  /** A connection that was admitted did not come about. */
  release(playbackId: string, name: string | undefined): void {
    if (name === undefined) return;
    const groups = this.directory.viewerGroups(playbackId).map(({ id }) => id);
    this.store
      .noteViewers([{ playbackId, seen: [], left: [name], groups }])
      // The live store forgets it by itself.
      .catch((error: unknown) =>
        this.logger.debug({ err: error }, 'cannot tell the live store that a viewer has left'),
      );
  }

  async #admit({ streamId }: PlaybackFact, name: string, groups: readonly ViewerGroup[]): Promise<void> {
    const full = await this.#askStore(name, groups);
    if (full === undefined) return;
    const [of, quota] =
      full.id === streamId ? ['this stream', 'viewers_per_stream'] : ['the streams of this tenant', 'viewers'];
    throw new ProblemError(
      'playback_quota_exceeded',
      `As many viewers watch ${of} as the quota of the tenant allows: ${full.max} (${quota}).`,
    );
  }

  /** What cannot be told is allowed, as with other quotas. */
  async #askStore(name: string, groups: readonly ViewerGroup[]): Promise<ViewerGroup | undefined> {
    try {
      return await this.store.admitViewer(name, groups);
    } catch (error) {
      this.logger.debug({ err: error }, 'cannot tell whether a quota of viewers is used up');
      return undefined;
    }
  }
}
