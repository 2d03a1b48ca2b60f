// From a join token to a place in a room.
import type { JoinGrant } from '@millrace/control';
import { banKeysOf, IdPrefix, newId } from '@millrace/domain';
import type { JoinRefusal, ParticipantProfile } from '@millrace/domain';
import type { JoinOutcome, JoinRoom } from '@millrace/live-store';
import { traced } from '@millrace/service-kit';
import type { Span } from '@millrace/service-kit';
import { SIGNALING_VERSION } from '@millrace/rooms-client';
import type { CheckedMessage } from '../messages/client-messages.ts';
import { SignalingError } from '../messages/signaling-errors.ts';
import type { SignalingSocket } from '../admission/signaling-socket.ts';
import { issueIceServers } from './issue-ice-servers.ts';
import type { IssuedIceServers } from './issue-ice-servers.ts';
import { checkProfile, DEFAULT_MUTED, DEFAULT_NAME } from './profile-limits.ts';
import { formatResumeToken, hashResumeSecret, newResumeSecret } from './resume-token.ts';
import { participantView, peersView, roomView } from './room-views.ts';
import { NO_TRACKS, publishChange, sentTracks, tellTracks } from './rooms-context.ts';
import type { RoomsContext } from './rooms-context.ts';
import { SeatedParticipant } from './seated-participant.ts';

type JoinMessage = Extract<CheckedMessage, { type: 'join' }>;
type Joined = Extract<JoinOutcome, { outcome: 'joined' }>;

/** What the store says of a place that there is not, in the words of the protocol. */
const REFUSALS = {
  banned: ['banned'],
  room_full: ['room_full'],
  room_locked: ['room_locked'],
  room_ended: ['room_ended'],
  room_not_found: ['room_not_found'],
  too_many_rooms: ['quota', 'rooms'],
  too_many_participants: ['quota', 'participants'],
} as const satisfies Record<Exclude<JoinOutcome['outcome'], 'joined'>, readonly [JoinRefusal, string?]>;

/** Of a place that was never resumed. */
const FIRST_TERM = 1;

/** @throws SignalingError when the version is another one */
export function checkVersion(version: number): void {
  if (version !== SIGNALING_VERSION) throw new SignalingError('unsupported_version');
}

/** Asks the control plane what a token allows. @throws SignalingError with its refusal */
export async function authorize(context: RoomsContext, token: string, clientAddress: string): Promise<JoinGrant> {
  const { instanceId: signalingId, signalingAuthorizeMs } = context.settings;
  const answer = await context.control.authorizeJoin({ token, signalingId, clientAddress }, signalingAuthorizeMs);
  if (!answer.granted) throw new SignalingError(answer.refusal);
  return answer.grant;
}

/**
 * Joins, and tells the client so.
 *
 * @throws SignalingError why not
 */
export async function joinRoom(
  context: RoomsContext,
  socket: SignalingSocket,
  message: JoinMessage,
): Promise<SeatedParticipant | undefined> {
  const attributes = { 'millrace.instance_id': context.settings.instanceId };
  const options = { kind: 'server', attributes } as const;
  return traced(context.tracer, 'room.join', options, (span) => join(context, socket, message, span));
}

async function join(
  context: RoomsContext,
  socket: SignalingSocket,
  message: JoinMessage,
  span: Span,
): Promise<SeatedParticipant | undefined> {
  checkVersion(message.version);
  checkProfile(message, context.settings);
  const grant = await authorize(context, message.token, socket.address);
  const profile = profileOf(grant, message);
  tell(span, profile);
  const settled = context.seats.expect(profile.participantId);
  try {
    const secret = newResumeSecret();
    const [joined, ice] = await Promise.all([
      takePlace(context, grant, profile, {
        resumeKeyHash: hashResumeSecret(secret),
        rejoinKeyHash: message.rejoin_secret === undefined ? undefined : hashResumeSecret(message.rejoin_secret),
      }),
      issueIceServers(context, profile.tenantId, profile.participantId),
    ]);
    announce(context, profile, joined);
    if (!socket.isOpen) {
      publishChange(context, await context.presence.leave(joined.seat));
      return undefined;
    }
    socket.joined();
    const seated = new SeatedParticipant(context, socket, joined.seat, profile, 0);
    socket.send(answerOf(context, message, profile, joined, ice, secret));
    seated.open(0, []);
    return seated;
  } finally {
    settled();
  }
}

function tell(span: Span, { tenantId, roomId, participantId }: ParticipantProfile): void {
  span.set({
    'millrace.tenant_id': tenantId,
    'millrace.room_id': roomId,
    'millrace.participant_id': participantId,
  });
}

function profileOf(
  { room, identity, name, permissions, admission }: JoinGrant,
  message: JoinMessage,
): ParticipantProfile {
  return {
    participantId: newId(IdPrefix.participant),
    tenantId: room.tenantId,
    roomId: room.roomId,
    identity,
    // Clients say a name without knowing whether they may: it is passed over rather than refused.
    name: (permissions.rename ? message.name : undefined) ?? name ?? DEFAULT_NAME,
    metadata: message.metadata ?? {},
    muted: message.muted ?? DEFAULT_MUTED,
    permissions,
    joinedAtMs: Date.now(),
    ...(admission !== undefined && { admission }),
  };
}

async function takePlace(
  context: RoomsContext,
  { room, limits, bansVersion }: JoinGrant,
  profile: ParticipantProfile,
  keys: Pick<JoinRoom, 'resumeKeyHash' | 'rejoinKeyHash'>,
): Promise<Joined> {
  const { presence, settings } = context;
  const bans = { banKeys: banKeysOf(profile), bansVersion };
  const asked = presence.join({ profile, room, ...limits, podId: settings.instanceId, ...keys, ...bans });
  const outcome = await asked.catch((error: unknown) => {
    // The store may have given the place although its answer was lost.
    context.strays.add({ participantId: profile.participantId, term: FIRST_TERM });
    throw error;
  });
  if (outcome.outcome === 'joined') return outcome;
  const [code, detail] = REFUSALS[outcome.outcome];
  throw new SignalingError(code, detail);
}

/** Tells all that it concerns: the other participants, the one that was replaced, and the services that listen to rooms. */
function announce(context: RoomsContext, profile: ParticipantProfile, joined: Joined): void {
  const { tenantId, roomId, participantId, identity, name, joinedAtMs: atMs } = profile;
  if (joined.opened) context.control.roomStarted({ tenantId, roomId, atMs });
  publishChange(context, {
    departures: joined.replaced === undefined ? [] : [joined.replaced],
    deliveries: joined.deliveries,
  });
  context.control.participantJoined({ tenantId, roomId, participantId, identity, name, atMs });
  tellTracks(context, profile, NO_TRACKS, sentTracks(profile));
}

function answerOf(
  { settings }: RoomsContext,
  { id }: JoinMessage,
  profile: ParticipantProfile,
  { others, room }: Joined,
  ice: IssuedIceServers,
  secret: string,
) {
  const { participantId, permissions } = profile;
  return {
    type: 'joined',
    ...(id !== undefined && { reply_to: id }),
    version: SIGNALING_VERSION,
    participant: participantView(profile, 'connected'),
    participants: peersView(others, participantId),
    room: roomView(room),
    permissions,
    ...ice,
    resume_token: formatResumeToken({ participantId, secret }),
    resume_window_ms: settings.roomResumeMs,
    ping_interval_ms: settings.signalingPingMs,
  } as const;
}
