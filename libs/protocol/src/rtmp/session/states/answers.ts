// RTMP 1.0 sections 7.2.1.2 (_result and _error) and 7.2.2 (onStatus).
import type { AmfValue } from '../../../amf3/index.ts';
import type { Command } from '../../message/command.ts';
import { StatusCode, onStatusCommand, statusInfo } from '../status.ts';
import type { SessionContext } from './session-state.ts';

/** Answers a command with `_result`, unless it asked for no answer. */
export function sendResult(session: SessionContext, to: Command, ...args: readonly AmfValue[]): void {
  if (to.transactionId === 0) return;
  session.sender.command({ name: '_result', transactionId: to.transactionId, object: null, args });
}

/** Answers a command with `_error`. */
export function sendError(session: SessionContext, to: Command, code: string, description: string): void {
  session.sender.command({
    name: '_error',
    transactionId: to.transactionId,
    object: null,
    args: [statusInfo('error', code, description)],
  });
}

/** Answers a command that has no place here, and ends the session unless a stream is published or played in it. */
export function rejectCommand(
  session: SessionContext,
  to: Command,
  description: string,
  code: string = StatusCode.callFailed,
): void {
  sendError(session, to, code, description);
  if (!session.active) session.close('rtmp.session.command-out-of-place', description);
}

/** Refuses a connect command, which is how a client is asked to log in, and ends the session: the client connects again. */
export function refuseLogin(session: SessionContext, transactionId: number, description: string): void {
  const info = statusInfo('error', StatusCode.connectRejected, description);
  session.sender.command({ name: '_error', transactionId, object: null, args: [info] });
  session.close('rtmp.session.login', 'the client is asked to log in');
}

/** Tells the client on a message stream that a request is refused. The session goes on. */
export function sendStreamError(
  session: SessionContext,
  messageStreamId: number,
  code: string,
  description: string,
): void {
  session.sender.command(onStatusCommand(statusInfo('error', code, description)), messageStreamId);
}

/** Tells the client on a message stream why that ends, and ends the session. */
export function refuseStream(
  session: SessionContext,
  messageStreamId: number,
  code: string,
  description: string,
): void {
  sendStreamError(session, messageStreamId, code, description);
  session.close('rtmp.session.refused', code);
}
