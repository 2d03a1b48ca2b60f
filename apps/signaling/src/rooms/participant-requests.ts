// What a participant in a room may ask for: one function for each message.
import type { PostOutcome } from '@millrace/live-store';
import type { CheckedMessage } from '../messages/client-messages.ts';
import { CloseCode, SignalingError } from '../messages/signaling-errors.ts';
import { isCandidate } from '../negotiation/check-candidate.ts';
import { checkSdp } from '../negotiation/check-sdp.ts';
import type { SignalingSocket } from '../admission/signaling-socket.ts';
import { issueIceServers } from './issue-ice-servers.ts';
import { checkChat, checkProfile } from './profile-limits.ts';
import type { Posted } from './room-views.ts';
import { publishChange } from './rooms-context.ts';
import type { RoomsContext } from './rooms-context.ts';
import type { SeatedParticipant } from './seated-participant.ts';

type Of<T extends CheckedMessage['type']> = Extract<CheckedMessage, { type: T }>;

export interface RequestScope {
  readonly context: RoomsContext;
  readonly socket: SignalingSocket;
  readonly seated: SeatedParticipant;
}

/** @throws SignalingError when it is refused */
export async function handleRequest(scope: RequestScope, message: CheckedMessage): Promise<void> {
  switch (message.type) {
    case 'offer':
    case 'answer':
      return describe(scope, message);
    case 'candidate':
      return sendCandidate(scope, message);
    case 'end_of_candidates':
      return post(scope, message, { type: message.type });
    case 'chat':
      return chat(scope, message);
    case 'update':
      return update(scope, message);
    case 'ice_servers':
      return refreshIceServers(scope, message);
    case 'ping':
      return ping(scope, message);
    case 'leave':
      return leave(scope);
    case 'join':
    case 'resume':
    case 'probe':
      throw new SignalingError('already_joined');
  }
}

async function describe(scope: RequestScope, message: Of<'offer' | 'answer'>): Promise<void> {
  const { seated, context } = scope;
  const check = checkSdp(message.sdp, {
    maxSdpBytes: context.settings.signalingMaxSdpBytes,
    maxSdpSections: context.settings.signalingMaxSdpSections,
  });
  if (!check.ok) throw new SignalingError('bad_sdp', check.fault);
  if (check.sends && !seated.profile.permissions.publish) throw new SignalingError('not_permitted', 'publish');
  seated.candidates.renew(message.to);
  await post(scope, message, { type: message.type, sdp: message.sdp });
}

async function sendCandidate(scope: RequestScope, message: Of<'candidate'>): Promise<void> {
  if (message.candidate === null) return post(scope, message, { type: 'end_of_candidates' });
  if (!isCandidate(message.candidate.candidate)) throw new SignalingError('bad_candidate');
  if (!scope.seated.candidates.spend(message.to)) throw new SignalingError('too_many_candidates');
  await post(scope, message, { type: 'candidate', candidate: message.candidate });
}

async function chat(scope: RequestScope, message: Of<'chat'>): Promise<void> {
  const { seated, context } = scope;
  if (!seated.profile.permissions.chat) throw new SignalingError('not_permitted', 'chat');
  checkChat(message.text, context.settings);
  await post(scope, message, {
    type: 'chat',
    text: message.text,
    private: message.to !== undefined,
    sent_at: new Date().toISOString(),
  });
}

async function update(scope: RequestScope, message: Of<'update'>): Promise<void> {
  const { seated, context } = scope;
  checkProfile(message, context.settings);
  const { permissions, name: known } = seated.profile;
  if (message.name !== undefined && message.name !== known && !permissions.rename)
    throw new SignalingError('not_permitted', 'rename');
  const { name, metadata, muted } = { ...seated.profile, ...defined(message) };
  const profile = { ...seated.profile, name, metadata, muted };
  settle(scope, message, await context.presence.update(seated.seat, profile));
  seated.profile = profile;
  seated.tellTracks();
}

const defined = ({ name, metadata, muted }: Of<'update'>) => ({
  ...(name !== undefined && { name }),
  ...(metadata !== undefined && { metadata }),
  ...(muted !== undefined && { muted }),
});

async function post(
  scope: RequestScope,
  message: Of<'offer' | 'answer' | 'candidate' | 'end_of_candidates' | 'chat'>,
  posted: Posted,
): Promise<void> {
  const { context, seated } = scope;
  settle(scope, message, await context.presence.post(seated.seat, message.to, JSON.stringify(posted)));
}

function settle({ context, socket, seated }: RequestScope, { id }: CheckedMessage, outcome: PostOutcome): void {
  switch (outcome.outcome) {
    case 'posted':
      context.router.pass(outcome.deliveries);
      if (id !== undefined) socket.send({ type: 'accepted', reply_to: id });
      return;
    case 'unknown_participant':
      throw new SignalingError('unknown_participant');
    case 'gone':
      // Why comes with the next sign of life; until then nothing of this seat is done.
      return seated.lose('unknown');
  }
}

async function refreshIceServers({ context, socket, seated }: RequestScope, { id }: CheckedMessage): Promise<void> {
  if (!seated.iceRequests.take()) throw new SignalingError('rate_limited', 'ice_servers');
  const { tenantId, participantId } = seated.profile;
  const ice = await issueIceServers(context, tenantId, participantId);
  socket.send({ type: 'ice_servers', ...(id !== undefined && { reply_to: id }), ...ice });
}

async function ping({ socket, seated }: RequestScope, { id, last_sequence }: Of<'ping'>): Promise<void> {
  if (last_sequence !== undefined) seated.acknowledge(last_sequence);
  socket.send({ type: 'pong', ...(id !== undefined && { reply_to: id }) });
}

async function leave({ context, socket, seated }: RequestScope): Promise<void> {
  await seated.leave((change) => publishChange(context, change));
  socket.send({ type: 'left', reason: 'left' });
  socket.close(CloseCode.normal, 'left');
}
