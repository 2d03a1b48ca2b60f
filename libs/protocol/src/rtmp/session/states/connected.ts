// RTMP 1.0 sections 7.2.2.1 (play) and 7.2.2.6 (publish).
import type { Command } from '../../message/command.ts';
import type { PublishRequest } from '../server-session-handler.ts';
import type { ServerSessionLimits } from '../server-session-options.ts';
import { StatusCode } from '../status.ts';
import { refuseStream } from './answers.ts';
import { connectionCommand } from './connection-command.ts';
import { Deciding } from './deciding.ts';
import { isPlayerCommand, playerCommand } from './player-command.ts';
import type { SessionContext, SessionState } from './session-state.ts';

/** Behind connect: the client may ask to publish or to play, on a stream it has created. */
export const connected: SessionState = {
  name: 'connected',
  mediaStreamId: -1,
  active: false,
  command(session, command, messageStreamId) {
    if (command.name === 'publish') publish(session, command, messageStreamId);
    else if (command.name === 'play') play(session, command, messageStreamId);
    else if (isPlayerCommand(command)) playerCommand(session, command, messageStreamId);
    else connectionCommand(session, command);
  },
};

/** RTMP 1.0 section 7.2.2.6. */
function publish(session: SessionContext, command: Command, messageStreamId: number): void {
  const [streamName, type] = command.args;
  // `NetStream.publish(false)` stops publishing, and nothing is being published.
  if (streamName === false) return;
  const asked = askedName(session, streamName, messageStreamId);
  if ('fault' in asked) refuseStream(session, messageStreamId, StatusCode.publishBadName, asked.fault);
  else Deciding.publish(session, messageStreamId, asked.name, publishTypeOf(type));
}

/** RTMP 1.0 section 7.2.2.1. */
function play(session: SessionContext, command: Command, messageStreamId: number): void {
  const [streamName, start] = command.args;
  const asked = askedName(session, streamName, messageStreamId);
  if ('fault' in asked) refuseStream(session, messageStreamId, StatusCode.playFailed, asked.fault);
  else Deciding.play(session, messageStreamId, asked.name, startOf(start));
}

/** The stream name as the client sent it, or why it cannot be asked for. */
function askedName(
  session: SessionContext,
  streamName: unknown,
  messageStreamId: number,
): { readonly name: string } | { readonly fault: string } {
  if (!session.streams.has(messageStreamId)) return { fault: 'create a stream first' };
  if (typeof streamName !== 'string') return { fault: 'the stream name is not a string' };
  return isTooLong(streamName, session.options.limits)
    ? { fault: 'the stream name is too long' }
    : { name: streamName };
}

function isTooLong(streamName: string, limits: ServerSessionLimits): boolean {
  const [path = ''] = streamName.split('?', 1);
  return Buffer.byteLength(path) > limits.maxNameBytes || Buffer.byteLength(streamName) > limits.maxTextBytes;
}

function publishTypeOf(type: unknown): PublishRequest['publishType'] {
  return type === 'record' || type === 'append' ? type : 'live';
}

/** "The default value is -2": a live stream, or a recorded one if there is none. */
function startOf(start: unknown): number {
  return typeof start === 'number' && Number.isFinite(start) ? start : -2;
}
