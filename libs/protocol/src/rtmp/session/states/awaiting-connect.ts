// RTMP 1.0 section 7.2.1.1: connect.
import { MessageType } from '../../message/message-type.ts';
import type { Command } from '../../message/command.ts';
import { encodeSetPeerBandwidth, PeerBandwidthLimit } from '../../message/set-peer-bandwidth.ts';
import { encodeWindowAcknowledgementSize } from '../../message/window-acknowledgement-size.ts';
import { connectInfo } from '../connect-info.ts';
import { connectResult } from '../connect-result.ts';
import { StatusCode } from '../status.ts';
import { rejectCommand, sendError } from './answers.ts';
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
