// The presence that all services share: Redis 7.0 or later. What a call decides, it decides in one script.
import { createHash } from 'node:crypto';
import type { ParticipantProfile, RoomFacts, RoomParticipant } from '@millrace/domain';
import type { PresenceOperation } from '../live-store-error.ts';
import type { LiveStoreObserver } from '../live-store-observer.ts';
import { RedisLink } from '../redis/redis-link.ts';
import { runScript } from '../redis/redis-scripts.ts';
import type { ScriptArgument } from '../redis/redis-scripts.ts';
import { assertRedisUrl } from '../redis/redis-url.ts';
import { assertId } from '../store-names.ts';
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
import { asReason, inGroups, participantsFrom, presenceReply, roomsFrom } from './redis/presence-reply.ts';
import type { PresenceReply } from './redis/presence-reply.ts';
import type { PRESENCE_SCRIPTS } from './redis/presence-scripts.ts';
import { encodeProfile, encodeRoomNews } from './room-news.ts';

export interface RedisPresenceOptions extends Partial<PresenceLimits> {
  /** `redis://[user:password@]host:port[/database]`, or `rediss:` for TLS. */
  readonly url: string;
  /** The prefix of every key; default `millrace`. */
  readonly keyPrefix?: string;
  /** How long a call may take, in milliseconds; default 800. */
  readonly timeoutMs?: number;
  /** Longest wait between two tries to connect, in milliseconds; default 1,000. */
  readonly maxReconnectDelayMs?: number;
  readonly observer?: LiveStoreObserver;
}

/** Most participants or rooms that one sweep ends: so many at once would hold the server up. */
const MOST_PER_SWEEP = 100;

/**
 * Opens presence in Redis. Comes back when connected, or when the first try has failed: then it goes on trying, and `isReady`
 * says when it has succeeded.
 *
 * @throws TypeError when the URL is none of Redis
 */
export async function createRedisPresence(options: RedisPresenceOptions): Promise<PresenceStore> {
  assertRedisUrl(options.url);
  const presence = new RedisPresence(options);
  await presence.open();
  return presence;
}

class RedisPresence implements PresenceStore {
  /** Other pods give places too. */
  readonly isKnownEmpty = false;
  readonly #link: RedisLink;
  readonly #slotKey: string;
  readonly #shared: readonly ScriptArgument[];

  constructor(options: RedisPresenceOptions) {
    const { url, keyPrefix = 'millrace', timeoutMs = 800, maxReconnectDelayMs = 1_000, observer = {} } = options;
    const limits = presenceLimits(options);
    this.#link = new RedisLink({ url, name: 'presence', timeoutMs, maxReconnectDelayMs, observer });
    this.#slotKey = presenceSlotKey(keyPrefix);
    this.#shared = [
      presencePrefix(keyPrefix),
      limits.leaseMs,
      limits.resumeWindowMs,
      limits.emptyRoomMs,
      limits.rememberMs,
      limits.maxMailboxMessages,
      limits.maxMailboxBytes,
      limits.outageMs,
    ];
  }

  async open(): Promise<void> {
    await this.#link.open();
  }

  async join(request: JoinRoom): Promise<JoinOutcome> {
    assertJoin(request);
    const { profile, room, podId, resumeKeyHash, maxRooms, maxParticipants, banKeys = [], bansVersion = 0 } = request;
    const { participantId, tenantId, roomId } = profile;
    const { said, departures, deliveries, read } = await this.#run('join', 'millraceJoin', [
      participantId,
      tenantId,
      roomId,
      uniqueKeyOf(request),
      podId,
      resumeKeyHash,
      encodeProfile(profile),
      JSON.stringify(room),
      room.version,
      room.maxParticipants,
      room.locked ? 1 : 0,
      maxRooms,
      maxParticipants,
      bansVersion,
      ...banKeys,
    ]);
    const [outcome, opened, facts = ''] = said;
    if (outcome !== 'joined') return { outcome: asRefusal(outcome) };
    return {
      outcome,
      seat: { participantId, term: 1 },
      room: JSON.parse(facts) as RoomFacts,
      others: participantsFrom(read),
      opened: opened === '1',
      replaced: departures[0],
      deliveries,
    };
  }

  async resume({ participantId, resumeKeyHash, podId, lastSequence }: ResumeSeat): Promise<ResumeOutcome> {
    assertId('par', participantId);
    assertPodId(podId);
    const { said, departures, deliveries, read } = await this.#run('resume', 'millraceResume', [
      participantId,
      resumeKeyHash,
      podId,
      lastSequence,
    ]);
    const [outcome, termOrReason = '', previousPodId, profile = '', facts = '', missed] = said;
    if (outcome === 'gone') return { outcome, reason: asReason(termOrReason) };
    if (outcome === 'too_late') return { outcome, departures, deliveries };
    if (outcome !== 'resumed') return { outcome: 'unknown' };
    return {
      outcome,
      seat: { participantId, term: Number(termOrReason) },
      participant: participantsFrom(['connected', profile])[0]!,
      room: JSON.parse(facts) as RoomFacts,
      others: participantsFrom(read.slice(Number(missed))),
      missed: numbered(read.slice(0, Number(missed)), lastSequence),
      previousPodId: previousPodId === '' ? undefined : previousPodId,
      deliveries,
    };
  }

  async detach(seat: Seat): Promise<readonly Delivery[]> {
    return (await this.#run('detach', 'millraceDetach', seatArguments(seat))).deliveries;
  }

  async leave(seat: Seat): Promise<RoomChange> {
    return changeOf(await this.#run('leave', 'millraceLeave', seatArguments(seat)));
  }

  async remove(roomId: string, participantId: string, ban?: RoomBanMark): Promise<RoomChange> {
    assertId('room', roomId);
    assertId('par', participantId);
    return changeOf(
      await this.#run('remove', 'millraceRemove', [roomId, participantId, ban?.key ?? '', ban?.version ?? 0]),
    );
  }

  async update(seat: Seat, profile: ParticipantProfile): Promise<PostOutcome> {
    const args = [...seatArguments(seat), encodeProfile(profile)];
    return postOutcome(await this.#run('update', 'millraceUpdate', args));
  }

  async post(seat: Seat, to: string | undefined, body: string): Promise<PostOutcome> {
    if (to !== undefined) assertId('par', to);
    const news = encodeRoomNews({ kind: 'post', from: seat.participantId, body });
    return postOutcome(await this.#run('post', 'millracePost', [...seatArguments(seat), to ?? '', news]));
  }

  async renew(podId: string, beats: readonly SeatBeat[]): Promise<Renewal> {
    assertPodId(podId);
    const seats = beats.flatMap(({ seat, acknowledged }) => [...seatArguments(seat), acknowledged]);
    const { said, deliveries } = await this.#run('renew', 'millraceRenewSeats', [podId, ...seats]);
    return { answers: said.map(beatAnswer), deliveries };
  }

  async read(participantId: string, afterSequence: number): Promise<readonly MailboxEntry[] | undefined> {
    assertId('par', participantId);
    const { said, read } = await this.#run('read', 'millraceReadMailbox', [participantId, afterSequence]);
    return said[0] === '1' ? numbered(read, afterSequence) : undefined;
  }

  async sweep(): Promise<Sweep> {
    const reply = await this.#run('sweep', 'millraceSweep', [MOST_PER_SWEEP]);
    return { ...changeOf(reply), closed: roomsFrom(reply.read) };
  }

  async changeRoom(room: RoomFacts): Promise<readonly Delivery[]> {
    assertRoom(room);
    const args = [room.roomId, room.version, JSON.stringify(room)];
    return (await this.#run('changeRoom', 'millraceChangeRoom', args)).deliveries;
  }

  async endRoom(room: RoomRef): Promise<Sweep> {
    assertRoom(room);
    const reply = await this.#run('endRoom', 'millraceEndRoom', [room.tenantId, room.roomId]);
    return { ...changeOf(reply), closed: roomsFrom(reply.read) };
  }

  async participants(roomId: string): Promise<readonly RoomParticipant[]> {
    assertId('room', roomId);
    return participantsFrom((await this.#run('participants', 'millraceParticipants', [roomId])).read);
  }

  async openRooms(roomIds: readonly string[]): Promise<readonly (OpenRoom | undefined)[]> {
    for (const roomId of roomIds) assertId('room', roomId);
    const { said } = await this.#run('openRooms', 'millraceOpenRooms', roomIds);
    return inGroups(said, 3).map(([tenantId = '', openedAtMs, participants], i) =>
      tenantId === ''
        ? undefined
        : { tenantId, roomId: roomIds[i]!, openedAtMs: Number(openedAtMs), participants: Number(participants) },
    );
  }

  isReady(): boolean {
    return this.#link.isReady;
  }

  async close(): Promise<void> {
    await this.#link.close();
  }

  async #run(
    operation: PresenceOperation,
    script: keyof typeof PRESENCE_SCRIPTS,
    args: readonly ScriptArgument[],
  ): Promise<PresenceReply> {
    const reply = await this.#link.call(operation, (redis) =>
      runScript(redis, script, [this.#slotKey], [...this.#shared, ...args]),
    );
    return presenceReply(reply);
  }
}

/**
 * What a room has once: the identity, which may be any text, and long; of a guest its secret, which a colon keeps apart from
 * every identity.
 */
function uniqueKeyOf({ profile: { identity }, rejoinKeyHash }: JoinRoom): string {
  if (identity !== undefined) return createHash('sha256').update(identity).digest('base64url');
  return rejoinKeyHash === undefined ? '' : `guest:${rejoinKeyHash}`;
}

function seatArguments({ participantId, term }: Seat): [string, number] {
  assertId('par', participantId);
  return [participantId, term];
}

const changeOf = ({ departures, deliveries }: PresenceReply): RoomChange => ({ departures, deliveries });

const numbered = (news: readonly string[], after: number): MailboxEntry[] =>
  news.map((text, i) => ({ sequence: after + 1 + i, news: text }));

function postOutcome({ said: [outcome], deliveries }: PresenceReply): PostOutcome {
  if (outcome === 'posted') return { outcome, deliveries };
  return { outcome: outcome === 'unknown_participant' ? outcome : 'gone' };
}

function beatAnswer(said: string | undefined): BeatAnswer {
  const lastSequence = Number(said);
  if (Number.isInteger(lastSequence)) return { held: true, lastSequence };
  return { held: false, reason: said === 'moved' || said === 'unknown' ? said : asReason(said ?? '') };
}

const REFUSALS = [
  'banned',
  'room_full',
  'room_locked',
  'room_ended',
  'room_not_found',
  'too_many_rooms',
  'too_many_participants',
] as const;

function asRefusal(outcome: string | undefined): (typeof REFUSALS)[number] {
  const refusal = REFUSALS.find((known) => known === outcome);
  if (refusal === undefined) throw new TypeError('presence: no such outcome of a join');
  return refusal;
}

/**
 * What scripts build their keys from: `<prefix>:{rooms}:`. All keys are in one slot: a join touches tenant, room, identity, every
 * mailbox of the room and the index of what is due in one step.
 */
const presencePrefix = (keyPrefix: string): string => `${keyPrefix}:{rooms}:`;

/** A key of the slot, so that a cluster sends the script to where it is. */
const presenceSlotKey = (keyPrefix: string): string => `${presencePrefix(keyPrefix)}due`;
