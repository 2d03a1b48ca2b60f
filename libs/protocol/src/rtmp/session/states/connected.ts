import type { Command } from '../../message/command.ts';
import type { PublishRequest } from '../server-session-handler.ts';
import type { ServerSessionLimits } from '../server-session-options.ts';
import { StatusCode } from '../status.ts';
import { refuseStream } from './answers.ts';
import { connectionCommand } from './connection-command.ts';
import { Deciding } from './deciding.ts';
import type { SessionContext, SessionState } from './session-state.ts';

/** Behind connect: the client may ask to publish or to play, on a stream it has created. */
export const connected: SessionState = {
  name: 'connected',
  mediaStreamId: -1,
  active: false,
  command(session, command, messageStreamId) {
    if (command.name === 'publish') publish(session, command, messageStreamId);
    else if (command.name === 'play') play(session, command, messageStreamId);
    else connectionCommand(session, command);
  },
};

/** RTMP 1.0 section 7.2.2.6. */
function publish(session: SessionContext, command: Command, messageStreamId: number): void {
  const [streamName, type] = command.args;
  // `NetStream.publish(false)` stops publishing, and nothing is being published.
  if (streamName === false) return;
  const fault = requestFault(session, streamName, messageStreamId);
  if (fault !== undefined) {
    refuseStream(session, messageStreamId, StatusCode.publishBadName, fault);
    return;
  }
  Deciding.publish(session, messageStreamId, String(streamName), publishTypeOf(type));
}

/** RTMP 1.0 section 7.2.2.1. */
function play(session: SessionContext, command: Command, messageStreamId: number): void {
  const [streamName, start] = command.args;
  const fault = requestFault(session, streamName, messageStreamId);
  if (fault !== undefined) {
    refuseStream(session, messageStreamId, StatusCode.playFailed, fault);
    return;
  }
  Deciding.play(session, messageStreamId, String(streamName), startOf(start));
}

function requestFault(session: SessionContext, streamName: unknown, messageStreamId: number): string | undefined {
  if (!session.streams.has(messageStreamId)) return 'create a stream first';
  if (typeof streamName !== 'string') return 'the stream name is not a text';
  return nameFault(streamName, session.options.limits);
}

function nameFault(streamName: string, limits: ServerSessionLimits): string | undefined {
  const [path = ''] = streamName.split('?', 1);
  const tooLong = Buffer.byteLength(path) > limits.maxNameBytes || Buffer.byteLength(streamName) > limits.maxTextBytes;
  return tooLong ? 'the stream name is too long' : undefined;
}

function publishTypeOf(type: unknown): PublishRequest['publishType'] {
  return type === 'record' || type === 'append' ? type : 'live';
}

/** "The default value is -2": a live stream, or a recorded one if there is none. */
function startOf(start: unknown): number {
  return typeof start === 'number' && Number.isFinite(start) ? start : -2;
}
