// The presence of one process: plain maps, for standalone and for tests.
import type { ParticipantProfile, RoomFacts, RoomParticipant } from '@millrace/domain';
import { LiveStoreError } from '../live-store-error.ts';
import type { PresenceOperation } from '../live-store-error.ts';
import { assertId } from '../store-names.ts';
import { MemoryRooms, participantOf, participantsOf, Step } from './memory/memory-rooms.ts';
import type { OpenRoomRecord, Place } from './memory/memory-rooms.ts';
import { presenceLimits } from './presence-limits.ts';
import type { PresenceLimits } from './presence-limits.ts';
import { assertJoin, assertPodId, assertRoom } from './presence-names.ts';
import type {
  BeatAnswer,
  Delivery,
  JoinOutcome,
  JoinRoom,
  MailboxEntry,
  OpenRoom,
  PostOutcome,
  PresenceStore,
  Renewal,
  ResumeOutcome,
  ResumeSeat,
  RoomBanMark,
  RoomChange,
  RoomRef,
  Seat,
  SeatBeat,
  Sweep,
} from './presence-store.ts';
import { encodeRoomNews } from './room-news.ts';

export interface MemoryPresenceOptions extends Partial<PresenceLimits> {
  /** Wall-clock time in milliseconds since 1970, a whole number. */
  readonly nowMs?: () => number;
}

/** Makes a presence store that lives and dies with this process. */
export function createMemoryPresence(options: MemoryPresenceOptions = {}): PresenceStore {
  return new MemoryPresence(options);
}

class MemoryPresence implements PresenceStore {
  readonly #state: MemoryRooms;
  readonly #nowMs: () => number;
  readonly #outageMs: number;
  #sweptAtMs: number | undefined;
  #closed = false;

  constructor({ nowMs = Date.now, ...limits }: MemoryPresenceOptions) {
    this.#nowMs = nowMs;
    this.#outageMs = presenceLimits(limits).outageMs;
    this.#state = new MemoryRooms(presenceLimits(limits), nowMs);
  }

  get isKnownEmpty(): boolean {
    return this.#state.isEmpty;
  }

  async join(request: JoinRoom): Promise<JoinOutcome> {
    this.#assertOpen('join');
    assertJoin(request);
    // That nothing was swept while there was nothing to sweep is no outage.
    if (this.#state.isEmpty) this.#sweptAtMs = undefined;
    const { profile } = request;
    const state = this.#state;
    const known = state.rooms.get(profile.roomId);
    const replacing = findReplaced(known, request);
    const facts = newer(known?.facts, request.room);
    const refusal = this.#refusal(request, facts, known, replacing);
    if (refusal !== undefined) return { outcome: refusal };
    const step = new Step();
    if (known !== undefined) this.#takeOver(known, facts, step);
    if (replacing !== undefined) state.remove(replacing, 'replaced', step);
    const room = known ?? state.open(facts);
    const place = state.seat(room, request, step);
    return {
      outcome: 'joined',
      seat: seatOf(place),
      room: facts,
      others: participantsOf(room, place),
      opened: known === undefined,
      replaced: step.departures[0],
      deliveries: step.deliveries,
    };
  }

  async resume({ participantId, resumeKeyHash, podId, lastSequence }: ResumeSeat): Promise<ResumeOutcome> {
    this.#assertOpen('resume');
    assertId('par', participantId);
    assertPodId(podId);
    const place = this.#state.places.get(participantId);
    if (place === undefined) {
      const gone = this.#state.gone(participantId);
      return gone?.resumeKeyHash === resumeKeyHash ? { outcome: 'gone', reason: gone.reason } : { outcome: 'unknown' };
    }
    if (place.resumeKeyHash !== resumeKeyHash) return { outcome: 'unknown' };
    const step = new Step();
    const missed = place.mailbox.after(lastSequence);
    if (missed === undefined) {
      this.#state.remove(place, 'lost', step);
      return { outcome: 'too_late', ...step };
    }
    const previousPodId = place.podId;
    place.term++;
    this.#state.setState(place, 'connected', podId, step);
    return {
      outcome: 'resumed',
      seat: seatOf(place),
      participant: participantOf(place),
      room: place.room.facts,
      others: participantsOf(place.room, place),
      missed,
      previousPodId,
      deliveries: step.deliveries,
    };
  }

  async detach(seat: Seat): Promise<readonly Delivery[]> {
    this.#assertOpen('detach');
    const place = this.#state.held(seat);
    const step = new Step();
    if (place !== undefined) this.#state.setState(place, 'reconnecting', undefined, step);
    return step.deliveries;
  }

  async leave(seat: Seat): Promise<RoomChange> {
    this.#assertOpen('leave');
    const place = this.#state.held(seat);
    const step = new Step();
    if (place !== undefined) this.#state.remove(place, 'left', step);
    return { ...step };
  }

  async remove(roomId: string, participantId: string, ban?: RoomBanMark): Promise<RoomChange> {
    this.#assertOpen('remove');
    if (ban !== undefined) this.#state.ban(roomId, ban);
    const place = this.#state.rooms.get(roomId)?.places.get(participantId);
    const step = new Step();
    if (place !== undefined) this.#state.remove(place, 'removed', step);
    return { ...step };
  }

  async update(seat: Seat, profile: ParticipantProfile): Promise<PostOutcome> {
    this.#assertOpen('update');
    const place = this.#state.held(seat);
    if (place === undefined) return { outcome: 'gone' };
    const step = new Step();
    place.profile = profile;
    this.#state.tell(place.room, { kind: 'updated', state: place.state, profile }, step, place);
    return { outcome: 'posted', deliveries: step.deliveries };
  }

  async post(seat: Seat, to: string | undefined, body: string): Promise<PostOutcome> {
    this.#assertOpen('post');
    const place = this.#state.held(seat);
    if (place === undefined) return { outcome: 'gone' };
    const step = new Step();
    const news = { kind: 'post', from: seat.participantId, body } as const;
    if (to === undefined) this.#state.tell(place.room, news, step, place);
    else {
      const receiver = place.room.places.get(to);
      if (receiver === undefined || receiver === place) return { outcome: 'unknown_participant' };
      this.#state.put(receiver, encodeRoomNews(news), step);
    }
    return { outcome: 'posted', deliveries: step.deliveries };
  }

  async renew(podId: string, beats: readonly SeatBeat[]): Promise<Renewal> {
    this.#assertOpen('renew');
    assertPodId(podId);
    const step = new Step();
    const answers = beats.map((beat) => this.#renew(podId, beat, step));
    return { answers, deliveries: step.deliveries };
  }

  async read(participantId: string, afterSequence: number): Promise<readonly MailboxEntry[] | undefined> {
    this.#assertOpen('read');
    const place = this.#state.places.get(participantId);
    return place === undefined ? [] : place.mailbox.after(afterSequence);
  }

  async sweep(): Promise<Sweep> {
    this.#assertOpen('sweep');
    this.#forgiveOutage();
    const now = this.#nowMs();
    const step = new Step();
    for (const place of [...this.#state.places.values()]) {
      if (place.dueMs > now) continue;
      if (place.state === 'connected') this.#state.setState(place, 'reconnecting', undefined, step);
      else this.#state.remove(place, 'lost', step);
    }
    const closing = [...this.#state.rooms.values()].filter(({ closesAtMs = Infinity }) => closesAtMs <= now);
    this.#state.forget();
    return { ...step, closed: closing.map((room) => this.#state.close(room)) };
  }

  async changeRoom(facts: RoomFacts): Promise<readonly Delivery[]> {
    this.#assertOpen('changeRoom');
    assertRoom(facts);
    const step = new Step();
    const room = this.#state.rooms.get(facts.roomId);
    if (room !== undefined) this.#takeOver(room, newer(room.facts, facts), step);
    return step.deliveries;
  }

  async endRoom(ref: RoomRef): Promise<Sweep> {
    this.#assertOpen('endRoom');
    assertRoom(ref);
    this.#state.end(ref);
    const room = this.#state.rooms.get(ref.roomId);
    if (room === undefined || room.facts.tenantId !== ref.tenantId) return { ...new Step(), closed: [] };
    const step = new Step();
    for (const place of [...room.places.values()]) this.#state.remove(place, 'room_ended', step);
    return { departures: step.departures, deliveries: [], closed: [this.#state.close(room)] };
  }

  async participants(roomId: string): Promise<readonly RoomParticipant[]> {
    this.#assertOpen('participants');
    assertId('room', roomId);
    return participantsOf(this.#state.rooms.get(roomId));
  }

  async openRooms(roomIds: readonly string[]): Promise<readonly (OpenRoom | undefined)[]> {
    this.#assertOpen('openRooms');
    return roomIds.map((roomId) => {
      assertId('room', roomId);
      const room = this.#state.rooms.get(roomId);
      if (room === undefined) return undefined;
      const { tenantId } = room.facts;
      return { tenantId, roomId, openedAtMs: room.openedAtMs, participants: room.places.size };
    });
  }

  isReady(): boolean {
    return !this.#closed;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #refusal(
    { profile, maxRooms, maxParticipants, banKeys = [], bansVersion = 0 }: JoinRoom,
    facts: RoomFacts,
    known: OpenRoomRecord | undefined,
    replacing: Place | undefined,
  ): Exclude<JoinOutcome['outcome'], 'joined'> | undefined {
    const { tenantId, roomId } = profile;
    const freed = replacing === undefined ? 0 : 1;
    if (known !== undefined && known.facts.tenantId !== tenantId) return 'room_not_found';
    if (this.#state.isEnded(roomId)) return 'room_ended';
    if (banKeys.some((key) => this.#state.bansVersion(roomId, key) > bansVersion)) return 'banned';
    if (facts.locked && freed === 0) return 'room_locked';
    if ((known?.places.size ?? 0) - freed >= facts.maxParticipants) return 'room_full';
    const { rooms, people } = this.#state.tenant(tenantId);
    if (known === undefined && rooms >= maxRooms) return 'too_many_rooms';
    return people - freed >= maxParticipants ? 'too_many_participants' : undefined;
  }

  #takeOver(room: OpenRoomRecord, facts: RoomFacts, step: Step): void {
    if (facts === room.facts) return;
    room.facts = facts;
    this.#state.tell(room, { kind: 'room', room: facts }, step);
  }

  #renew(podId: string, { seat, acknowledged }: SeatBeat, step: Step): BeatAnswer {
    const place = this.#state.places.get(seat.participantId);
    if (place === undefined) return { held: false, reason: this.#state.gone(seat.participantId)?.reason ?? 'unknown' };
    if (place.term !== seat.term) return { held: false, reason: 'moved' };
    this.#state.setState(place, 'connected', podId, step);
    place.mailbox.acknowledge(acknowledged);
    return { held: true, lastSequence: place.mailbox.last };
  }

  #forgiveOutage(): void {
    const now = this.#nowMs();
    const away = now - (this.#sweptAtMs ?? now);
    if (away > this.#outageMs) for (const place of this.#state.places.values()) place.dueMs += away;
    this.#sweptAtMs = now;
  }

  #assertOpen(operation: PresenceOperation): void {
    if (this.#closed) throw new LiveStoreError('closed', operation);
  }
}

const seatOf = ({ profile, term }: Place): Seat => ({ participantId: profile.participantId, term });

const newer = (known: RoomFacts | undefined, given: RoomFacts): RoomFacts =>
  known !== undefined && known.version >= given.version ? known : given;

/** Who has the same identity, or, among guests, the same secret. */
function findReplaced(room: OpenRoomRecord | undefined, { profile, rejoinKeyHash }: JoinRoom): Place | undefined {
  const { identity } = profile;
  if (room === undefined || (identity === undefined && rejoinKeyHash === undefined)) return undefined;
  return [...room.places.values()].find((place) =>
    identity === undefined
      ? place.profile.identity === undefined && place.rejoinKeyHash === rejoinKeyHash
      : place.profile.identity === identity,
  );
}
