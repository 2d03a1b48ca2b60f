// RTMP 1.0 section 7.2.1: commands about the connection, and those that encoders send beyond it.
import type { Command } from '../../message/command.ts';
import { StatusCode } from '../status.ts';
import { rejectCommand, sendError, sendResult } from './answers.ts';
import type { SessionContext } from './session-state.ts';

/** Obeys the commands that have a place in every state behind connect, and answers unknown ones. */
export function connectionCommand(session: SessionContext, command: Command): void {
  switch (command.name) {
    case 'connect':
      rejectCommand(session, command, 'already connected', StatusCode.connectRejected);
      return;
    case 'createStream':
      createStream(session, command);
      return;
    case 'deleteStream':
      if (typeof command.args[0] === 'number') session.streams.delete(command.args[0]);
      return;
    case 'FCPublish':
      // Flash Media Live Encoder waits for onFCPublish, which comes with the acceptance.
      session.fcPublish = true;
      sendResult(session, command, undefined);
      return;
    case 'releaseStream':
    case 'FCUnpublish':
    case 'FCSubscribe':
    case '_checkbw':
      sendResult(session, command, undefined);
      return;
    case 'getStreamLength':
      // Live: no length.
      sendResult(session, command, 0);
      return;
    case 'closeStream':
    case '_result':
    case '_error':
    case 'onStatus':
      return;
    default:
      if (command.transactionId !== 0) {
        sendError(session, command, StatusCode.callFailed, 'no such command');
      }
  }
}

/** RTMP 1.0 section 7.2.1.3. */
function createStream(session: SessionContext, command: Command): void {
  const id = session.streams.create();
  if (id === undefined) rejectCommand(session, command, 'too many streams');
  else sendResult(session, command, id);
}
