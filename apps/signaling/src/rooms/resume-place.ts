// A socket that dropped, and a client that comes back for its place: here or to another pod.
import type { ResumeOutcome } from '@millrace/live-store';
import type { CheckedMessage } from '../messages/client-messages.ts';
import { CloseCode, SignalingError } from '../messages/signaling-errors.ts';
import type { SignalingSocket } from '../admission/signaling-socket.ts';
import { checkVersion } from './join-room.ts';
import { hashResumeSecret, parseResumeToken } from './resume-token.ts';
import { participantView, peersView, roomView } from './room-views.ts';
import { publishChange } from './rooms-context.ts';
import type { RoomsContext } from './rooms-context.ts';
import { SeatedParticipant } from './seated-participant.ts';

type ResumeMessage = Extract<CheckedMessage, { type: 'resume' }>;
type Resumed = Extract<ResumeOutcome, { outcome: 'resumed' }>;

/**
 * Resumes, and tells the client so.
 *
 * @returns undefined when the participant is out of the room: the client has been told why
 * @throws SignalingError when it cannot go on from there
 */
export async function resumePlace(
  context: RoomsContext,
  socket: SignalingSocket,
  message: ResumeMessage,
): Promise<SeatedParticipant | undefined> {
  checkVersion(message.version);
  const token = parseResumeToken(message.resume_token);
  if (token === undefined) throw new SignalingError('resume_unknown');
  const settled = context.seats.expect(token.participantId);
  try {
    const outcome = await context.presence.resume({
      participantId: token.participantId,
      resumeKeyHash: hashResumeSecret(token.secret),
      podId: context.settings.instanceId,
      lastSequence: message.last_sequence,
    });
    context.metrics.resumes.inc({ outcome: outcome.outcome });
    switch (outcome.outcome) {
      case 'resumed':
        return await goOn(context, socket, message, outcome);
      case 'gone':
        if (outcome.reason === 'lost') throw new SignalingError('resume_unknown');
        socket.send({ type: 'left', reason: outcome.reason });
        socket.close(CloseCode.normal, 'left');
        return undefined;
      case 'unknown':
        throw new SignalingError('resume_unknown');
      case 'too_late':
        publishChange(context, outcome);
        throw new SignalingError('resume_too_late');
    }
  } finally {
    settled();
  }
}

async function goOn(
  context: RoomsContext,
  socket: SignalingSocket,
  { id, last_sequence }: ResumeMessage,
  { seat, participant, room, others, missed, previousPodId, deliveries }: Resumed,
): Promise<SeatedParticipant | undefined> {
  const { participantId } = seat;
  const { state: _, ...profile } = participant;
  context.router.pass(deliveries);
  // A socket of the same participant on this very pod is told when the new one is noted.
  if (previousPodId !== context.settings.instanceId)
    context.router.passLoss(previousPodId, { kind: 'out', participantId, reason: 'moved', term: seat.term });
  socket.joined();
  const seated = new SeatedParticipant(context, socket, seat, profile, last_sequence);
  if (!socket.isOpen) {
    await seated.detach();
    return undefined;
  }
  socket.send({
    type: 'resumed',
    ...(id !== undefined && { reply_to: id }),
    participant: participantView(profile, 'connected'),
    participants: peersView(others, participantId),
    room: roomView(room),
  });
  seated.open(last_sequence, missed);
  return seated;
}
