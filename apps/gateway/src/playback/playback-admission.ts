// What is asked of a viewer that will hold a connection, whatever its protocol: may it watch, and may it still.
import { Inject, Injectable } from '@nestjs/common';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import type { ProblemCode } from '../http/problem-codes.ts';
import { ProblemError } from '../http/problem-error.ts';
import type { PlaybackFact } from '../known/facts.ts';
import { StreamDemand } from '../demand/stream-demand.ts';
import { PlaybackDirectory } from './playback-directory.ts';
import { isSigned, PlaybackGate } from './playback-gate.ts';
import type { PlaybackVisitor } from './playback-visitor.ts';
import { ViewerQuotas } from './viewer-quotas.ts';
import type { ViewerTicket } from './viewer-ticket.ts';

/** Seconds after which a player retries. */
const RETRY_AFTER = { 'retry-after': '2' };

/** A viewer that was let in by a token. */
export interface AdmittedViewer {
  readonly ticket: ViewerTicket;
  readonly visitor: PlaybackVisitor;
}

/** A playback id that may be watched. */
export interface AdmittedPlayback {
  readonly fact: PlaybackFact;
  /** Only where the playback id is signed. */
  readonly admitted?: AdmittedViewer;
}

@Injectable()
export class PlaybackAdmission {
  constructor(
    private readonly directory: PlaybackDirectory,
    private readonly gate: PlaybackGate,
    private readonly quotas: ViewerQuotas,
    private readonly demand: StreamDemand,
    @Inject(LIVE_STORE) private readonly store: Pick<LiveStore, 'readLiveStream'>,
  ) {}

  /** @param door the protocol, as people call it. @throws ProblemError when it may not be watched by this protocol, or not at all */
  async find(playbackId: string, network: string, door: string): Promise<PlaybackFact> {
    const fact = await this.directory.find(playbackId, network);
    if (fact === undefined) throw new ProblemError('not_found', 'There is no such playback id.');
    if (this.directory.isEncrypted(playbackId))
      throw new ProblemError(
        'stream_encrypted',
        `This stream is encrypted (\`aes-128\`): ${door} would show it to everyone. It plays over HLS.`,
      );
    return fact;
  }

  /** @throws ProblemError that says why the viewer is refused */
  async admit(playbackId: string, visitor: PlaybackVisitor, door: string): Promise<AdmittedPlayback> {
    const fact = await this.find(playbackId, visitor.network, door);
    if (!isSigned(fact)) {
      this.demand.note(fact.streamId);
      return { fact };
    }
    const ticket = await this.gate.enter({ fact, playbackId }, visitor);
    this.demand.note(fact.streamId);
    return { fact, admitted: { ticket, visitor } };
  }

  /**
   * Takes what a viewer may take once, or may find taken: the last step before it begins.
   *
   * @returns the name that it was admitted by, where a quota is
   * @throws ProblemError when it may not begin
   */
  async begin(playbackId: string, { fact, admitted }: AdmittedPlayback): Promise<string | undefined> {
    const { ticket } = admitted ?? {};
    if (ticket?.singleUse === undefined && this.directory.viewerGroups(playbackId).length === 0) return undefined;
    // Nothing is taken for a stream that is not there.
    if (!(await this.isLive(fact))) throw streamOffline();
    const name = await this.quotas.admitConnection(fact, { playbackId, tokenId: ticket?.tokenId });
    if (ticket !== undefined) await this.gate.useUp(fact.tenantId, ticket);
    return name;
  }

  async isLive({ streamId }: PlaybackFact): Promise<boolean> {
    return (await this.store.readLiveStream(streamId)) !== undefined;
  }

  /** @throws ProblemError when the session of the viewer is over: expired, revoked, or not allowed any more */
  async recheck(fact: PlaybackFact, { ticket, visitor }: AdmittedViewer): Promise<void> {
    await this.gate.check(fact, ticket, visitor);
    this.watches(fact);
  }

  /** Whether the stream is pulled once there is a viewer: it may be live in a moment. */
  isOnDemand({ streamId }: PlaybackFact): boolean {
    return this.demand.isOnDemand(streamId);
  }

  /** A viewer of a stream goes on. */
  watches({ streamId }: PlaybackFact): void {
    this.demand.note(streamId);
  }
}

export const streamOffline = (): ProblemError =>
  new ProblemError('stream_offline', 'This stream is not live now.', { headers: RETRY_AFTER });

const TAKEN_DOWN: ReadonlySet<ProblemCode> = new Set([
  'not_found',
  'playback_disabled',
  'playback_quota_exceeded',
  'stream_encrypted',
  'signed_playback_required',
]);

/** Whether an error of `find` ends those who watch. */
export const isTakenDown = (error: unknown): error is ProblemError =>
  error instanceof ProblemError && TAKEN_DOWN.has(error.code);

/** Whether an error of `recheck` ends a viewer: what cannot be told now ends nothing. */
export const isRefused = (error: unknown): error is ProblemError =>
  error instanceof ProblemError && (error.status === 401 || error.status === 403);
