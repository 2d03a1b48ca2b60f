// Claims and sessions in memory: the same rules as the Redis scripts (redis/scripts/publication-scripts.ts).
import type { PublishClaim } from '@millrace/domain';
import { carriedQuota } from '../live-store.ts';
import type {
  ClaimLoss,
  ClaimOutcome,
  ClaimRequest,
  EncoderDetails,
  PromotionCause,
  RenewalLoss,
  Standby,
  StandbyOutcome,
  StandbyReport,
} from '../live-store.ts';

/** A stream's newest session. An ended one is kept for a while, so that no late renewal opens it again. */
interface Session {
  readonly sessionId: string;
  readonly epoch: number;
  /** Undefined for a session that was ended without being known here. */
  readonly claim: PublishClaim | undefined;
  /** Later than now: a publisher is connected. Otherwise since when none is. */
  connectedUntilMs: number;
  cut: 'released' | 'key_revoked' | undefined;
  ended: boolean;
  /** How long its publisher had sent nothing when it was renewed last. */
  silentMs: number;
  /** Until when it is held open for the encoder that waits. */
  heldUntilMs: number;
  /** What named its publisher while it waited, and why it was promoted. */
  readonly promoted: { readonly token: number; readonly cause: PromotionCause } | undefined;
}

/** The encoder that waits for a stream. */
interface Waiting {
  /** Its epoch only names the encoder. */
  readonly claim: PublishClaim;
  readonly sinceMs: number;
  untilMs: number;
  silentMs: number;
  isReady: boolean;
  details: EncoderDetails | undefined;
  switchAtMs: number | undefined;
}

/** An open session as packagers see it. */
export interface OpenSession {
  readonly claim: PublishClaim;
  readonly disconnectedAtMs: number | undefined;
  readonly standby: Standby | undefined;
}

export interface MemoryPublicationsOptions {
  readonly nowMs: () => number;
  readonly claimTtlMs: number;
  readonly sessionTtlMs: number;
  readonly outageMs: number;
  readonly unrenewedMs: number;
  readonly standbySilentMs: number;
  readonly promotionGraceMs: number;
  readonly switchMs: number;
  readonly switchRenewedMs: number;
}

/** Who publishes what. */
export class MemoryPublications {
  readonly #sessions = new Map<string, Session>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #revokedKeys = new Map<string, number>();
  readonly #options: MemoryPublicationsOptions;
  #seenMs: number | undefined;

  constructor(options: MemoryPublicationsOptions) {
    this.#options = options;
  }

  claim(request: ClaimRequest): ClaimOutcome {
    const now = this.#wake();
    const { tenantId, streamId, streamKeyId, edgeId, settings } = request;
    if (this.#isRevoked(streamKeyId)) return { outcome: 'key_revoked' };
    const last = this.#sessions.get(streamId);
    const replaced = last !== undefined && !last.ended && last.connectedUntilMs > now;
    const makesWay = replaced && last.claim?.role === 'backup' && request.mayWait === true;
    if (request.role === 'backup' || makesWay) return this.#wait(request, last);
    if (replaced && settings.secondPublisher === 'refuse') return { outcome: 'already_publishing' };
    const resumed = last !== undefined && (replaced || returnsUntilMs(last) > now) ? last.claim : undefined;
    if (resumed === undefined && !this.#hasRoom(tenantId, last, request.maxLiveStreams)) return { outcome: 'quota' };
    const quota = carriedQuota(request);
    const claim: PublishClaim = {
      tenantId,
      streamId,
      streamKeyId,
      sessionId: resumed?.sessionId ?? request.newSessionId,
      epoch: Math.max((last?.epoch ?? 0) + 1, now),
      edgeId,
      sessionStartedAtMs: resumed?.sessionStartedAtMs ?? now,
      epochStartedAtMs: now,
      settings,
      ...(quota !== undefined && { maxLiveStreams: quota }),
      ...(request.traceparent !== undefined && { traceparent: request.traceparent }),
    };
    this.#open(claim);
    return { outcome: 'claimed', claim, resumed: resumed !== undefined, replaced };
  }

  /** The encoder waits, unless another one does that could go on. */
  #wait(request: ClaimRequest, last: Session | undefined): ClaimOutcome {
    const now = this.#options.nowMs();
    const { tenantId, streamId, streamKeyId, edgeId, settings, role, traceparent } = request;
    const other = this.#waitingOf(streamId);
    const isTaken = other !== undefined && other.silentMs < this.#options.standbySilentMs;
    if (isTaken && settings.secondPublisher === 'refuse') return { outcome: 'backup_waiting' };
    if (!this.#hasRoom(tenantId, last, request.maxLiveStreams)) return { outcome: 'quota' };
    const open = last !== undefined && !last.ended ? last.claim : undefined;
    const claim: PublishClaim = {
      tenantId,
      streamId,
      streamKeyId,
      sessionId: open?.sessionId ?? request.newSessionId,
      epoch: Math.max((last?.epoch ?? 0) + 1, (other?.claim.epoch ?? 0) + 1, now),
      edgeId,
      sessionStartedAtMs: open?.sessionStartedAtMs ?? now,
      epochStartedAtMs: now,
      settings,
      standby: true,
      maxLiveStreams: request.maxLiveStreams,
      ...(role !== undefined && { role }),
      ...(traceparent !== undefined && { traceparent }),
    };
    this.#putWaiting(claim);
    return { outcome: 'standby', claim };
  }

  renew(claim: PublishClaim, silentMs: number): RenewalLoss | undefined {
    this.#wake();
    const session = this.#sessions.get(claim.streamId);
    if (session !== undefined) {
      const mine = session.epoch === claim.epoch;
      if (mine && session.cut === 'key_revoked') return 'key_revoked';
      if (session.sessionId === claim.sessionId && session.ended) return 'ended';
      if (session.epoch > claim.epoch) {
        if (this.#isRevoked(claim.streamKeyId)) return 'key_revoked';
        const waiting = this.#waitingOf(claim.streamId);
        if (waiting?.claim.epoch !== claim.epoch) return 'taken_over';
        waiting.untilMs = this.#options.nowMs() + this.#options.claimTtlMs;
        return 'standby';
      }
      if (mine && session.cut === 'released') return 'ended';
      if (mine) {
        session.silentMs = silentMs;
        session.connectedUntilMs = this.#options.nowMs() + this.#options.claimTtlMs;
        return undefined;
      }
    }
    if (this.#isRevoked(claim.streamKeyId)) return 'key_revoked';
    const waiting = this.#waitingOf(claim.streamId)?.claim;
    const { streamKeyId, edgeId, epoch } = claim;
    // The store has lost that this encoder was promoted: the other one makes way now as it did then.
    if (waiting?.streamKeyId === streamKeyId && waiting.edgeId === edgeId && waiting.epoch < epoch)
      this.#makeWay(claim.streamId, session);
    this.#open(claim);
    return undefined;
  }

  release(claim: PublishClaim): void {
    this.#wake();
    const known = this.#sessions.get(claim.streamId);
    if (known === undefined || (known.epoch < claim.epoch && !(known.ended && known.sessionId === claim.sessionId)))
      this.#open(claim);
    const session = this.#sessions.get(claim.streamId);
    if (session === undefined || session.ended || session.epoch !== claim.epoch || session.cut !== undefined) return;
    this.#cut(session, 'released');
  }

  renewStandby(report: StandbyReport, stoppedMs: number): StandbyOutcome {
    const now = this.#wake();
    const { claim } = report;
    const { streamId } = claim;
    const lost = (loss: ClaimLoss): StandbyOutcome => ({ outcome: 'lost', loss });
    const session = this.#sessions.get(streamId);
    if (session?.promoted?.token === claim.epoch && session.claim !== undefined && !session.ended)
      return { outcome: 'promoted', claim: session.claim, cause: session.promoted.cause };
    if (this.#isRevoked(claim.streamKeyId)) {
      this.releaseStandby(claim);
      return lost('key_revoked');
    }
    const known = this.#waitingOf(streamId);
    if (known !== undefined && known.claim.epoch !== claim.epoch) return lost('taken_over');
    const waiting = known ?? this.#putWaiting(claim);
    waiting.untilMs = now + this.#options.claimTtlMs;
    waiting.silentMs = report.silentMs;
    waiting.isReady = report.isReady;
    waiting.details = report.details;
    if (report.isReady && session !== undefined)
      session.heldUntilMs = session.connectedUntilMs + stoppedMs + this.#options.promotionGraceMs;
    const cause = report.isReady ? this.#causeOf(waiting, session, stoppedMs) : undefined;
    return cause === undefined ? { outcome: 'waiting' } : this.#promote(waiting, session, report, cause);
  }

  releaseStandby({ streamId, epoch }: PublishClaim): void {
    if (this.#waiting.get(streamId)?.claim.epoch === epoch) this.#waiting.delete(streamId);
    const session = this.#sessions.get(streamId);
    // It was promoted, and does not know.
    if (session?.promoted?.token === epoch && !session.ended && session.cut === undefined)
      this.#cut(session, 'released');
  }

  requestSwitch(streamId: string): boolean {
    const waiting = this.#waitingOf(streamId);
    if (waiting?.isReady !== true) return false;
    const { nowMs, claimTtlMs, switchRenewedMs } = this.#options;
    if (claimTtlMs - (waiting.untilMs - nowMs()) > switchRenewedMs) return false;
    waiting.switchAtMs = nowMs();
    return true;
  }

  /** Why the stream needs the encoder that waits; undefined while it has a publisher. */
  #causeOf(waiting: Waiting, session: Session | undefined, stoppedMs: number): PromotionCause | undefined {
    const now = this.#options.nowMs();
    if (waiting.switchAtMs !== undefined && now - waiting.switchAtMs < this.#options.switchMs) return 'requested';
    if (session?.claim === undefined || session.ended)
      return now - waiting.sinceMs >= stoppedMs ? 'stopped' : undefined;
    if (session.cut === 'key_revoked') return 'removed';
    const untilMs = session.connectedUntilMs;
    if (untilMs <= now) return session.cut === undefined || now - untilMs >= stoppedMs ? 'stopped' : undefined;
    const sinceRenewalMs = now - (untilMs - this.#options.claimTtlMs);
    if (sinceRenewalMs >= this.#options.unrenewedMs) return 'stopped';
    const { silentMs } = session;
    return silentMs >= stoppedMs / 2 && sinceRenewalMs + silentMs >= stoppedMs ? 'stopped' : undefined;
  }

  #promote(
    waiting: Waiting,
    session: Session | undefined,
    { newSessionId }: StandbyReport,
    cause: PromotionCause,
  ): StandbyOutcome {
    const now = this.#options.nowMs();
    const { standby: _, ...asked } = waiting.claim;
    const resumed = session !== undefined && countsUntilMs(session) > now ? session.claim : undefined;
    if (resumed === undefined && !this.#hasRoom(asked.tenantId, session, asked.maxLiveStreams ?? 0)) {
      // It cannot go on: the session before is not kept open for it.
      waiting.isReady = false;
      return { outcome: 'waiting' };
    }
    const claim: PublishClaim = {
      ...asked,
      sessionId: resumed?.sessionId ?? newSessionId,
      epoch: Math.max((session?.epoch ?? 0) + 1, asked.epoch + 1, now),
      sessionStartedAtMs: resumed?.sessionStartedAtMs ?? now,
      epochStartedAtMs: now,
    };
    this.#makeWay(asked.streamId, session);
    this.#open(claim, { token: asked.epoch, cause });
    return { outcome: 'promoted', claim, cause };
  }

  /** The session's publisher makes way. Where it is connected, it waits from now on. */
  #makeWay(streamId: string, session: Session | undefined): void {
    this.#waiting.delete(streamId);
    if (session?.claim === undefined || session.ended || session.cut !== undefined) return;
    const { connectedUntilMs: untilMs, silentMs } = session;
    if (untilMs > this.#options.nowMs()) Object.assign(this.#putWaiting(session.claim), { untilMs, silentMs });
  }

  revoke(streamId: string, streamKeyId: string): void {
    this.#revokedKeys.set(streamKeyId, this.#wake() + this.#options.claimTtlMs);
    if (this.#waiting.get(streamId)?.claim.streamKeyId === streamKeyId) this.#waiting.delete(streamId);
    const session = this.#sessions.get(streamId);
    if (session === undefined || session.ended || session.cut !== undefined) return;
    if (session.claim?.streamKeyId === streamKeyId) this.#cut(session, 'key_revoked');
  }

  end(streamId: string, sessionId: string): boolean {
    const now = this.#wake();
    const session = this.#sessions.get(streamId);
    if (session === undefined) {
      const state = {
        connectedUntilMs: now,
        cut: undefined,
        ended: true,
        silentMs: 0,
        heldUntilMs: 0,
        promoted: undefined,
      };
      this.#sessions.set(streamId, { sessionId, epoch: 0, claim: undefined, ...state });
      return true;
    }
    if (session.sessionId !== sessionId || session.ended) return true;
    if (session.connectedUntilMs > now || this.#waitingOf(streamId)?.isReady === true) return false;
    session.ended = true;
    return true;
  }

  read(streamId: string): OpenSession | undefined {
    const session = this.#sessions.get(streamId);
    if (session?.claim === undefined || session.ended) return undefined;
    const connected = session.connectedUntilMs > this.#options.nowMs();
    const disconnectedAtMs = connected ? undefined : session.connectedUntilMs;
    return { claim: session.claim, disconnectedAtMs, standby: this.#standby(streamId) };
  }

  list(): OpenSession[] {
    this.#wake();
    const open: OpenSession[] = [];
    for (const streamId of this.#sessions.keys()) {
      const session = this.read(streamId);
      if (session === undefined) continue;
      open.push(session.disconnectedAtMs === undefined ? { ...session, standby: undefined } : session);
    }
    return open;
  }

  /** Forgets sessions that were not touched for long, ended or not. */
  sweep(): void {
    const now = this.#options.nowMs();
    const bound = now - this.#options.sessionTtlMs;
    for (const [streamId, session] of this.#sessions)
      if (session.connectedUntilMs < bound) this.#sessions.delete(streamId);
    for (const [streamId, { untilMs }] of this.#waiting) if (untilMs <= now) this.#waiting.delete(streamId);
    for (const [streamKeyId, untilMs] of this.#revokedKeys) if (untilMs <= now) this.#revokedKeys.delete(streamKeyId);
  }

  /** Time in which the store could not be reached does not count: all expiries are put off by as long. @returns now */
  #wake(): number {
    const now = this.#options.nowMs();
    const awayMs = this.#seenMs === undefined ? 0 : now - this.#seenMs;
    if (awayMs > this.#options.outageMs)
      for (const session of this.#sessions.values()) {
        session.connectedUntilMs += awayMs;
        session.heldUntilMs += awayMs;
      }
    this.#seenMs = now;
    return now;
  }

  #waitingOf(streamId: string): Waiting | undefined {
    const waiting = this.#waiting.get(streamId);
    return waiting !== undefined && waiting.untilMs > this.#options.nowMs() ? waiting : undefined;
  }

  #putWaiting(claim: PublishClaim): Waiting {
    const now = this.#options.nowMs();
    const waiting = {
      claim,
      sinceMs: now,
      untilMs: now + this.#options.claimTtlMs,
      silentMs: 0,
      isReady: false,
      details: undefined,
      switchAtMs: undefined,
    };
    this.#waiting.set(claim.streamId, waiting);
    return waiting;
  }

  #standby(streamId: string): Standby | undefined {
    const waiting = this.#waitingOf(streamId);
    if (waiting === undefined) return undefined;
    const { claim, sinceMs, isReady, details } = waiting;
    const { role = 'primary', streamKeyId, edgeId } = claim;
    return { role, streamKeyId, edgeId, sinceMs, isReady, details };
  }

  #open(claim: PublishClaim, promoted?: Session['promoted']): void {
    this.#sessions.set(claim.streamId, {
      sessionId: claim.sessionId,
      epoch: claim.epoch,
      claim,
      connectedUntilMs: this.#options.nowMs() + this.#options.claimTtlMs,
      cut: undefined,
      ended: false,
      silentMs: 0,
      heldUntilMs: 0,
      promoted,
    });
  }

  /** A claim that had expired before stays disconnected since then. */
  #cut(session: Session, cut: 'released' | 'key_revoked'): void {
    session.cut = cut;
    session.connectedUntilMs = Math.min(session.connectedUntilMs, this.#options.nowMs());
    session.heldUntilMs = 0;
  }

  #isRevoked(streamKeyId: string): boolean {
    return (this.#revokedKeys.get(streamKeyId) ?? 0) > this.#options.nowMs();
  }

  /** Whether the tenant may have one more stream live, or this one counts already. */
  #hasRoom(tenantId: string, session: Session | undefined, maxLiveStreams: number): boolean {
    if (session !== undefined && countsUntilMs(session) > this.#options.nowMs()) return true;
    return this.#openStreams(tenantId) < maxLiveStreams;
  }

  #openStreams(tenantId: string): number {
    const now = this.#options.nowMs();
    let count = 0;
    for (const session of this.#sessions.values())
      if (session.claim?.tenantId === tenantId && countsUntilMs(session) > now) count++;
    return count;
  }
}

/** Until when the session counts against the tenant's quota: its publisher may come back, or another encoder goes on. */
const countsUntilMs = (session: Session): number =>
  Math.max(returnsUntilMs(session), session.ended || session.claim === undefined ? 0 : session.heldUntilMs);

/** Until when the session's publisher may come back. */
function returnsUntilMs(session: Session): number {
  if (session.ended || session.claim === undefined) return 0;
  return session.connectedUntilMs + session.claim.settings.reconnectWindowMs;
}
