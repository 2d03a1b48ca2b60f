// RTMP 1.0 section 7.2.2.3 (deleteStream), and what else encoders say when they are done.
import type { Command } from '../../message/command.ts';
import type { PlayRequest, PublishRequest, StopReason } from '../server-session-handler.ts';
import { StatusCode, onStatusCommand, statusInfo } from '../status.ts';
import { sendStreamError } from './answers.ts';
import { connectionCommand } from './connection-command.ts';
import type { SessionContext } from './session-state.ts';

type Request = PublishRequest | PlayRequest;

/**
 * Obeys commands while a stream is asked for, published or played: those that end it, and what has a place anywhere. A
 * session carries one stream: a second publish or play is refused on its message stream, and the first goes on. A repeated
 * publish of the same stream changes nothing.
 */
export function activeStreamCommand(
  session: SessionContext,
  request: Request,
  command: Command,
  messageStreamId: number,
): void {
  const reason = stopReason(request, command, messageStreamId);
  if (reason !== undefined) {
    stop(session, request, command, reason);
  } else if (command.name === 'publish') {
    publishAgain(session, request, command, messageStreamId);
  } else if (command.name === 'play') {
    sendStreamError(session, messageStreamId, StatusCode.playFailed, 'this connection already has a stream');
  } else {
    connectionCommand(session, command);
  }
}

/** Some encoders repeat a publish that is answered slowly: the same once more is answered once it is granted. */
function publishAgain(session: SessionContext, request: Request, command: Command, messageStreamId: number): void {
  const isSame = messageStreamId === request.messageStreamId && command.args[0] === request.streamName;
  if (request.kind !== 'publish' || !isSame) {
    sendStreamError(session, messageStreamId, StatusCode.publishBadName, 'this connection already has a stream');
  } else if (session.active) {
    const info = statusInfo('status', StatusCode.publishStart, 'Publishing.');
    session.sender.command(onStatusCommand(info), messageStreamId);
  }
}

/** Says whether a command ends the stream of the request, and how. */
function stopReason(request: Request, command: Command, messageStreamId: number): StopReason | undefined {
  const [argument] = command.args;
  switch (command.name) {
    case 'deleteStream':
      return argument === request.messageStreamId ? 'delete-stream' : undefined;
    case 'closeStream':
      return messageStreamId === request.messageStreamId ? 'close-stream' : undefined;
    case 'FCUnpublish':
      return request.kind === 'publish' && argument === request.streamName ? 'fc-unpublish' : undefined;
    case 'publish':
      return argument === false && messageStreamId === request.messageStreamId ? 'publish-false' : undefined;
    default:
      return undefined;
  }
}

function stop(session: SessionContext, request: Request, command: Command, reason: StopReason): void {
  session.idle();
  // Takes the message stream away where the command does, and answers where it asks for that.
  if (reason === 'delete-stream' || reason === 'fc-unpublish') connectionCommand(session, command);
  if (request.kind === 'publish') {
    const info = statusInfo('status', StatusCode.unpublishSuccess, 'Unpublished.');
    session.sender.command(onStatusCommand(info), request.messageStreamId);
  }
  session.handler.onStopped(reason);
}
