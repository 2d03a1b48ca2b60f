// Claims and sessions in memory: the same rules as the Redis scripts (redis/scripts/publication-scripts.ts).
import type { PublishClaim } from '@millrace/domain';
import type { ClaimLoss, ClaimOutcome, ClaimRequest } from '../live-store.ts';

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
}

/** An open session as packagers see it. */
export interface OpenSession {
  readonly claim: PublishClaim;
  readonly disconnectedAtMs: number | undefined;
}

export interface MemoryPublicationsOptions {
  readonly nowMs: () => number;
  readonly claimTtlMs: number;
  readonly sessionTtlMs: number;
  readonly outageMs: number;
}

/** Who publishes what. */
export class MemoryPublications {
  readonly #sessions = new Map<string, Session>();
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
    if (replaced && settings.secondPublisher === 'refuse') return { outcome: 'already_publishing' };
    const resumed = last !== undefined && (replaced || countsUntilMs(last) > now) ? last.claim : undefined;
    if (resumed === undefined && this.#openStreams(tenantId) >= request.maxLiveStreams) return { outcome: 'quota' };
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
      ...(request.traceparent !== undefined && { traceparent: request.traceparent }),
    };
    this.#open(claim);
    return { outcome: 'claimed', claim, resumed: resumed !== undefined, replaced };
  }

  renew(claim: PublishClaim): ClaimLoss | undefined {
    this.#wake();
    const session = this.#sessions.get(claim.streamId);
    if (session !== undefined) {
      const mine = session.epoch === claim.epoch;
      if (mine && session.cut === 'key_revoked') return 'key_revoked';
      if (session.sessionId === claim.sessionId && session.ended) return 'ended';
      if (session.epoch > claim.epoch) return this.#isRevoked(claim.streamKeyId) ? 'key_revoked' : 'taken_over';
      if (mine && session.cut === 'released') return 'ended';
      if (mine) {
        session.connectedUntilMs = this.#options.nowMs() + this.#options.claimTtlMs;
        return undefined;
      }
    }
    if (this.#isRevoked(claim.streamKeyId)) return 'key_revoked';
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

  revoke(streamId: string, streamKeyId: string): void {
    this.#revokedKeys.set(streamKeyId, this.#wake() + this.#options.claimTtlMs);
    const session = this.#sessions.get(streamId);
    if (session === undefined || session.ended || session.cut !== undefined) return;
    if (session.claim?.streamKeyId === streamKeyId) this.#cut(session, 'key_revoked');
  }

  end(streamId: string, sessionId: string): boolean {
    const now = this.#wake();
    const session = this.#sessions.get(streamId);
    if (session === undefined) {
      const unknown = { sessionId, epoch: 0, claim: undefined, connectedUntilMs: now, cut: undefined, ended: true };
      this.#sessions.set(streamId, unknown);
      return true;
    }
    if (session.sessionId !== sessionId || session.ended) return true;
    if (session.connectedUntilMs > now) return false;
    session.ended = true;
    return true;
  }

  read(streamId: string): OpenSession | undefined {
    const session = this.#sessions.get(streamId);
    if (session?.claim === undefined || session.ended) return undefined;
    const connected = session.connectedUntilMs > this.#options.nowMs();
    return { claim: session.claim, disconnectedAtMs: connected ? undefined : session.connectedUntilMs };
  }

  list(): OpenSession[] {
    this.#wake();
    const open: OpenSession[] = [];
    for (const streamId of this.#sessions.keys()) {
      const session = this.read(streamId);
      if (session !== undefined) open.push(session);
    }
    return open;
  }

  /** Forgets sessions that were not touched for long, ended or not. */
  sweep(): void {
    const now = this.#options.nowMs();
    const bound = now - this.#options.sessionTtlMs;
    for (const [streamId, session] of this.#sessions)
      if (session.connectedUntilMs < bound) this.#sessions.delete(streamId);
    for (const [streamKeyId, untilMs] of this.#revokedKeys) if (untilMs <= now) this.#revokedKeys.delete(streamKeyId);
  }

  /** Time in which the store could not be reached does not count: all expiries are put off by as long. @returns now */
  #wake(): number {
    const now = this.#options.nowMs();
    const awayMs = this.#seenMs === undefined ? 0 : now - this.#seenMs;
    if (awayMs > this.#options.outageMs)
      for (const session of this.#sessions.values()) session.connectedUntilMs += awayMs;
    this.#seenMs = now;
    return now;
  }

  #open(claim: PublishClaim): void {
    this.#sessions.set(claim.streamId, {
      sessionId: claim.sessionId,
      epoch: claim.epoch,
      claim,
      connectedUntilMs: this.#options.nowMs() + this.#options.claimTtlMs,
      cut: undefined,
      ended: false,
    });
  }

  /** A claim that had expired before stays disconnected since then. */
  #cut(session: Session, cut: 'released' | 'key_revoked'): void {
    session.cut = cut;
    session.connectedUntilMs = Math.min(session.connectedUntilMs, this.#options.nowMs());
  }

  #isRevoked(streamKeyId: string): boolean {
    return (this.#revokedKeys.get(streamKeyId) ?? 0) > this.#options.nowMs();
  }

  #openStreams(tenantId: string): number {
    const now = this.#options.nowMs();
    let count = 0;
    for (const session of this.#sessions.values())
      if (session.claim?.tenantId === tenantId && countsUntilMs(session) > now) count++;
    return count;
  }
}

/** Until when the session's publisher may come back; so long it counts against the tenant's quota. */
function countsUntilMs(session: Session): number {
  if (session.ended || session.claim === undefined) return 0;
  return session.connectedUntilMs + session.claim.settings.reconnectWindowMs;
}
