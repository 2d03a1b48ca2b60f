// Rooms and who is in them, in plain maps: the same rules as the Redis scripts.
import type { LeaveReason, ParticipantProfile, ParticipantState, RoomFacts, RoomParticipant } from '@millrace/domain';
import { encodeRoomNews } from '../room-news.ts';
import type { RoomNews } from '../room-news.ts';
import type { Delivery, Departure, JoinRoom, RoomBanMark, RoomRef, Seat } from '../presence-store.ts';
import type { PresenceLimits } from '../presence-limits.ts';
import { Mailbox } from './mailbox.ts';

/** A participant as the store knows it. */
export interface Place {
  profile: ParticipantProfile;
  readonly room: OpenRoomRecord;
  state: ParticipantState;
  podId: string | undefined;
  term: number;
  /** Until when the lease holds; when reconnecting, until when it may come back. */
  dueMs: number;
  readonly resumeKeyHash: string;
  readonly rejoinKeyHash: string | undefined;
  readonly mailbox: Mailbox;
}

export interface OpenRoomRecord {
  facts: RoomFacts;
  readonly openedAtMs: number;
  readonly places: Map<string, Place>;
  /** When it closes, while it is empty. */
  closesAtMs: number | undefined;
}

interface Gone {
  readonly reason: LeaveReason;
  readonly resumeKeyHash: string;
  readonly untilMs: number;
}

/** What a tenant has: rooms that are open, people in them. */
export interface TenantCount {
  readonly rooms: number;
  readonly people: number;
}

/** Collects what one step brings about. */
export class Step {
  readonly departures: Departure[] = [];
  readonly deliveries: Delivery[] = [];
}

export class MemoryRooms {
  readonly rooms = new Map<string, OpenRoomRecord>();
  readonly places = new Map<string, Place>();
  readonly #tenants = new Map<string, TenantCount>();
  readonly #gone = new Map<string, Gone>();
  readonly #ended = new Map<string, number>();
  /** By room and key: what was banned in the last while. */
  readonly #bans = new Map<string, { readonly version: number; readonly untilMs: number }>();
  readonly #limits: PresenceLimits;
  readonly #nowMs: () => number;

  constructor(limits: PresenceLimits, nowMs: () => number) {
    this.#limits = limits;
    this.#nowMs = nowMs;
  }

  /** Opens a room that is not open. */
  open(facts: RoomFacts): OpenRoomRecord {
    const room: OpenRoomRecord = { facts, openedAtMs: this.#nowMs(), places: new Map(), closesAtMs: undefined };
    this.rooms.set(facts.roomId, room);
    this.#count(facts.tenantId, 1, 0);
    return room;
  }

  seat(room: OpenRoomRecord, { profile, podId, resumeKeyHash, rejoinKeyHash }: JoinRoom, step: Step): Place {
    const mailbox = new Mailbox(this.#limits);
    const dueMs = this.#nowMs() + this.#limits.leaseMs;
    const keys = { resumeKeyHash, rejoinKeyHash };
    const place: Place = { profile, room, state: 'connected', podId, term: 1, dueMs, ...keys, mailbox };
    this.tell(room, { kind: 'joined', state: 'connected', profile }, step);
    room.places.set(profile.participantId, place);
    room.closesAtMs = undefined;
    this.places.set(profile.participantId, place);
    this.#count(profile.tenantId, 0, 1);
    return place;
  }

  /** The place of a seat, when no newer one was given. */
  held({ participantId, term }: Seat): Place | undefined {
    const place = this.places.get(participantId);
    return place?.term === term ? place : undefined;
  }

  setState(place: Place, state: ParticipantState, podId: string | undefined, step: Step): void {
    const changed = place.state !== state;
    place.state = state;
    place.podId = podId;
    place.dueMs = this.#nowMs() + (state === 'connected' ? this.#limits.leaseMs : this.#limits.resumeWindowMs);
    if (changed) this.tell(place.room, { kind: 'updated', state, profile: place.profile }, step, place);
  }

  remove(place: Place, reason: LeaveReason, step: Step): void {
    const { profile, room, podId, resumeKeyHash } = place;
    const { participantId } = profile;
    this.places.delete(participantId);
    room.places.delete(participantId);
    this.#count(profile.tenantId, 0, -1);
    this.#gone.set(participantId, { reason, resumeKeyHash, untilMs: this.#nowMs() + this.#limits.rememberMs });
    step.departures.push({ profile, podId, reason });
    this.tell(room, { kind: 'left', participantId, reason }, step);
    if (room.places.size === 0) room.closesAtMs = this.#nowMs() + this.#limits.emptyRoomMs;
  }

  /** Why a participant is gone, as long as that is remembered. */
  gone(participantId: string): Gone | undefined {
    const gone = this.#gone.get(participantId);
    return gone !== undefined && gone.untilMs > this.#nowMs() ? gone : undefined;
  }

  tell(room: OpenRoomRecord, news: RoomNews, step: Step, except?: Place): void {
    const text = encodeRoomNews(news);
    for (const place of room.places.values()) if (place !== except) this.put(place, text, step);
  }

  put(place: Place, news: string, step: Step): void {
    const sequence = place.mailbox.push(news);
    const { podId, profile } = place;
    if (podId !== undefined) step.deliveries.push({ participantId: profile.participantId, podId, sequence, news });
  }

  end({ roomId }: RoomRef): void {
    this.#forgetAtRest();
    this.#ended.set(roomId, this.#nowMs() + this.#limits.rememberMs);
  }

  isEnded(roomId: string): boolean {
    return (this.#ended.get(roomId) ?? 0) > this.#nowMs();
  }

  ban(roomId: string, { key, version }: RoomBanMark): void {
    this.#forgetAtRest();
    this.#bans.set(`${roomId} ${key}`, { version, untilMs: this.#nowMs() + this.#limits.rememberMs });
  }

  /** Of the newest ban of this key; 0 when none is remembered. */
  bansVersion(roomId: string, key: string): number {
    const ban = this.#bans.get(`${roomId} ${key}`);
    return ban !== undefined && ban.untilMs > this.#nowMs() ? ban.version : 0;
  }

  close(room: OpenRoomRecord): RoomRef {
    const { tenantId, roomId } = room.facts;
    this.rooms.delete(roomId);
    this.#count(tenantId, -1, 0);
    return { tenantId, roomId };
  }

  tenant(tenantId: string): TenantCount {
    return this.#tenants.get(tenantId) ?? { rooms: 0, people: 0 };
  }

  #count(tenantId: string, moreRooms: number, morePeople: number): void {
    const { rooms, people } = this.tenant(tenantId);
    const now = { rooms: rooms + moreRooms, people: people + morePeople };
    if (now.rooms === 0 && now.people === 0) this.#tenants.delete(tenantId);
    else this.#tenants.set(tenantId, now);
  }

  /** Whether nothing is known of any room. */
  get isEmpty(): boolean {
    return this.rooms.size + this.#gone.size + this.#ended.size + this.#bans.size === 0;
  }

  /** Forgets what need not be remembered any more. */
  forget(): void {
    const now = this.#nowMs();
    for (const [id, { untilMs }] of this.#gone) if (untilMs <= now) this.#gone.delete(id);
    for (const [id, untilMs] of this.#ended) if (untilMs <= now) this.#ended.delete(id);
    for (const [id, { untilMs }] of this.#bans) if (untilMs <= now) this.#bans.delete(id);
  }

  /** While no place is taken, nothing is swept: bans and ended rooms do not pile up. */
  #forgetAtRest(): void {
    if (this.rooms.size === 0) this.forget();
  }
}

export function participantOf({ profile, state }: Place): RoomParticipant {
  return { ...profile, state };
}

/** In the order of joining: ids sort by the time they were made. */
export function participantsOf(room: OpenRoomRecord | undefined, except?: Place): RoomParticipant[] {
  const places = [...(room?.places.values() ?? [])].filter((place) => place !== except);
  return places.map(participantOf).sort((a, b) => (a.participantId < b.participantId ? -1 : 1));
}
