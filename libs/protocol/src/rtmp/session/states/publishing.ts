// RTMP 1.0 section 7.2.2.6: publish.
import type { Command } from '../../message/command.ts';
import type { PublishRequest } from '../server-session-handler.ts';
import { StatusCode, onStatusCommand, statusInfo } from '../status.ts';
import { activeStreamCommand } from './active-stream-command.ts';
import type { SessionContext, SessionState } from './session-state.ts';

/** The only state in which media is taken, and only on the message stream that was asked for. */
export class Publishing implements SessionState {
  readonly name = 'publishing';
  readonly active = true;
  readonly mediaStreamId: number;
  readonly request: PublishRequest;

  constructor(request: PublishRequest) {
    this.request = request;
    this.mediaStreamId = request.messageStreamId;
  }

  /** Tells the client that it may send. */
  announce(session: SessionContext): void {
    const info = statusInfo('status', StatusCode.publishStart, 'Publishing.');
    session.sender.userControl({ event: 'streamBegin', messageStreamId: this.mediaStreamId });
    if (session.fcPublish) {
      session.sender.command({ name: 'onFCPublish', transactionId: 0, object: null, args: [info] });
    }
    session.sender.command(onStatusCommand(info), this.mediaStreamId);
  }

  command(session: SessionContext, command: Command, messageStreamId: number): void {
    activeStreamCommand(session, this.request, command, messageStreamId);
  }
}
