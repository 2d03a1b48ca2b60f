// RTMP 1.0 section 7.2.1.1: connect.
import { MessageType } from '../../message/message-type.ts';
import type { Command } from '../../message/command.ts';
import { encodeSetPeerBandwidth, PeerBandwidthLimit } from '../../message/set-peer-bandwidth.ts';
import { encodeWindowAcknowledgementSize } from '../../message/window-acknowledgement-size.ts';
import { ADOBE_NEED_USER, formatAdobeFailure, parseAdobeLogin } from '../../address/adobe-login.ts';
import { connectInfo } from '../connect-info.ts';
import type { ConnectInfo } from '../connect-info.ts';
import { connectResult } from '../connect-result.ts';
import type { LoginRequest } from '../server-session-handler.ts';
import { StatusCode } from '../status.ts';
import { refuseLogin, rejectCommand, sendError } from './answers.ts';
import { LoggingIn } from './logging-in.ts';
import type { SessionContext, SessionState } from './session-state.ts';

/** Behind the handshake: only `connect` has a place. */
export const awaitingConnect: SessionState = {
  name: 'awaiting-connect',
  mediaStreamId: -1,
  active: false,
  command(session, command) {
    if (command.name === 'connect') acceptConnect(session, command);
    else rejectCommand(session, command, 'connect comes first');
  },
};

/** RTMP 1.0 section 7.2.1.1: window, bandwidth, then the result. */
function acceptConnect(session: SessionContext, command: Command): void {
  const { options, sender } = session;
  const info = connectInfo(command, options.limits);
  if (typeof info === 'string') {
    sendError(session, command, StatusCode.connectRejected, info);
    session.close('rtmp.session.bad-connect', info);
    return;
  }
  if (asksToLogIn(session, info, command.transactionId)) return;
  sender.control(
    MessageType.windowAcknowledgementSize,
    encodeWindowAcknowledgementSize(options.windowAcknowledgementSize),
  );
  sender.control(
    MessageType.setPeerBandwidth,
    encodeSetPeerBandwidth({ windowSize: options.peerBandwidth, limit: PeerBandwidthLimit.dynamic }),
  );
  sender.chunkSize(options.chunkSize);
  sender.command(connectResult(command.transactionId, info, options.capabilities));
  session.idle();
  session.connected(info);
}

/** @returns whether the client has to log in first, and was told so or will be */
function asksToLogIn(session: SessionContext, info: ConnectInfo, transactionId: number): boolean {
  const { loginApps, limits } = session.options;
  const login = parseAdobeLogin(info.app);
  if (login === undefined ? loginApps.includes(appName(info.app)) : login.step === 'begin') {
    refuseLogin(session, transactionId, ADOBE_NEED_USER);
    return true;
  }
  if (login === undefined || login.step === 'begin') return false;
  const parts: readonly string[] = Object.values(login);
  const isTooLong = parts.some((part) => Buffer.byteLength(part) > limits.maxLoginPartBytes);
  if (isTooLong) {
    refuseLogin(session, transactionId, formatAdobeFailure('nosuchuser'));
    return true;
  }
  if (login.step === 'answer') return false;
  const request: LoginRequest = { kind: 'login', user: login.user };
  session.transition(new LoggingIn(request, transactionId));
  session.handler.onLoginRequest(request);
  return true;
}

const appName = (app: string): string => app.split('?', 1)[0]!.replaceAll('/', ' ').trim().split(' ', 1)[0]!;
