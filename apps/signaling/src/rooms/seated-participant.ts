// A participant whose socket is here: what it is sent, and what it may do.
import { TokenBucket } from '@millrace/protocol/rate';
import type { ParticipantProfile } from '@millrace/domain';
import type { MailboxEntry, Seat, SeatBeat } from '@millrace/live-store';
import { CloseCode, SignalingError } from '../messages/signaling-errors.ts';
import { CandidateBudget } from '../negotiation/candidate-budget.ts';
import type { SignalingSocket } from '../admission/signaling-socket.ts';
import { SeatOutbox } from './seat-outbox.ts';
import { eventView } from './room-views.ts';
import { attempt, sentTracks, tellTracks } from './rooms-context.ts';
import type { RoomsContext, TrackKind } from './rooms-context.ts';
import type { SeatHolder, SeatLoss } from './seat-registry.ts';
import { TokenRenewal } from './token-renewal.ts';

/** Fresh ICE servers cost a question to the control plane: so many at once, and then one in so many seconds. */
const ICE_BURST = 5;
const ICE_PER_SECOND = 1 / 10;

/** Each change of tracks becomes events: so many changes at once, and then one in so many seconds. What comes between is left out. */
const TRACK_BURST = 20;
const TRACKS_PER_SECOND = 1 / 5;

export class SeatedParticipant implements SeatHolder {
  readonly seat: Seat;
  /** As the others know it. */
  profile: ParticipantProfile;
  readonly candidates: CandidateBudget;
  readonly iceRequests = new TokenBucket(ICE_PER_SECOND, ICE_BURST, () => performance.now());
  readonly #context: RoomsContext;
  readonly #socket: SignalingSocket;
  readonly #outbox: SeatOutbox;
  readonly #tokens: TokenRenewal;
  readonly #trackChanges = new TokenBucket(TRACKS_PER_SECOND, TRACK_BURST, () => performance.now());
  /** What gateways were told that it sends. */
  #toldTracks: ReadonlySet<TrackKind>;
  #acknowledged: number;
  /** Whether the store still has it in this seat, as far as we know. */
  #holds = true;

  constructor(
    context: RoomsContext,
    socket: SignalingSocket,
    seat: Seat,
    profile: ParticipantProfile,
    received: number,
  ) {
    this.seat = seat;
    this.profile = profile;
    this.candidates = new CandidateBudget(context.settings.signalingMaxCandidates);
    this.#context = context;
    this.#socket = socket;
    this.#toldTracks = sentTracks(profile);
    this.#acknowledged = received;
    this.#outbox = new SeatOutbox({
      read: (after) => context.presence.read(seat.participantId, after),
      emit: (entry) => socket.send(eventView(entry, seat.participantId)),
      gap: () => socket.fail(new SignalingError('resume_too_late'), CloseCode.restart),
      caughtUp: (messages) => context.metrics.caughtUp.inc(messages),
      failed: () => context.metrics.storeFailures.inc({ op: 'read' }),
    });
    this.#tokens = new TokenRenewal(context, socket, profile);
    context.time.began(this, performance.now());
    context.seats.add(this);
  }

  get tenantId(): string {
    return this.profile.tenantId;
  }

  get roomId(): string {
    return this.profile.roomId;
  }

  get beat(): SeatBeat {
    return { seat: this.seat, acknowledged: this.#acknowledged };
  }

  /** The client has been told that it is in: events may follow. */
  open(after: number, missed: readonly MailboxEntry[]): void {
    this.#outbox.open(after, missed);
  }

  tick(nowMs: number): void {
    if (!this.#holds) return;
    this.#tokens.tick(nowMs);
    this.tellTracks();
  }

  /** Tells gateways which tracks it sends, when that has changed. */
  tellTracks(): void {
    if (!this.#holds) return;
    const tracks = sentTracks(this.profile);
    const isTold = tracks.size === this.#toldTracks.size && [...tracks].every((kind) => this.#toldTracks.has(kind));
    if (isTold || !this.#trackChanges.take()) return;
    tellTracks(this.#context, this.profile, this.#toldTracks, tracks);
    this.#toldTracks = tracks;
  }

  push(entry: MailboxEntry): void {
    this.#outbox.push(entry);
  }

  known(sequence: number): void {
    this.#outbox.known(sequence);
  }

  acknowledge(sequence: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, sequence);
  }

  lose(reason: SeatLoss): void {
    if (!this.#holds) return;
    this.#release(reason !== 'moved');
    switch (reason) {
      case 'moved':
        return this.#socket.close(CloseCode.normal, 'moved');
      case 'unknown':
      case 'lost':
        // The client is there all the same: it finds out by trying to resume, and joins again.
        return this.#socket.close(CloseCode.restart, 'restart');
      case 'left':
      case 'removed':
      case 'replaced':
      case 'room_ended':
        this.#socket.send({ type: 'left', reason });
        return this.#socket.close(CloseCode.normal, 'left');
    }
  }

  /** The client leaves for good. */
  async leave(publish: (change: Awaited<ReturnType<RoomsContext['presence']['leave']>>) => void): Promise<void> {
    if (!this.#holds) return;
    this.#release();
    await attempt(this.#context, 'leave', async () => publish(await this.#context.presence.leave(this.seat)));
  }

  /** The socket has ended: the place is kept for a while. */
  async detach(): Promise<void> {
    if (!this.#holds) return;
    this.#release();
    await attempt(this.#context, 'detach', () => this.#context.presence.detach(this.seat), this.#context.router);
  }

  /** @param isCertain whether the participant has been here until now, as far as the store knows */
  #release(isCertain = true): void {
    this.#holds = false;
    this.#context.time.ended(this, isCertain ? performance.now() : undefined);
    this.#outbox.close();
    this.#tokens.stop();
    this.#context.seats.remove(this);
  }
}
