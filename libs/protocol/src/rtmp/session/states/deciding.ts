// RTMP 1.0 sections 7.2.2.1 (play) and 7.2.2.6 (publish): between question and answer.
import type { Command } from '../../message/command.ts';
import type { PlayRequest, PublishRequest } from '../server-session-handler.ts';
import { activeStreamCommand } from './active-stream-command.ts';
import type { SessionContext, SessionState } from './session-state.ts';

/** The owner has been asked and has not decided. What comes meanwhile is held, unread. */
export class Deciding implements SessionState {
  readonly name = 'deciding';
  readonly mediaStreamId = -1;
  readonly active = false;
  readonly request: PublishRequest | PlayRequest;

  private constructor(request: PublishRequest | PlayRequest) {
    this.request = request;
  }

  static publish(
    session: SessionContext,
    messageStreamId: number,
    streamName: string,
    publishType: PublishRequest['publishType'],
  ): void {
    const request: PublishRequest = {
      kind: 'publish',
      messageStreamId,
      connect: session.connectInfo(),
      streamName,
      publishType,
    };
    session.transition(new Deciding(request));
    session.handler.onPublishRequest(request);
  }

  static play(session: SessionContext, messageStreamId: number, streamName: string, start: number): void {
    const { receives } = session;
    const connect = session.connectInfo();
    const request: PlayRequest = { kind: 'play', messageStreamId, connect, streamName, start, receives };
    session.transition(new Deciding(request));
    session.handler.onPlayRequest(request);
  }

  command(session: SessionContext, command: Command, messageStreamId: number): void {
    activeStreamCommand(session, this.request, command, messageStreamId);
  }
}
