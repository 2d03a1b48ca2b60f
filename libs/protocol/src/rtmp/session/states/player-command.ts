// RTMP 1.0 sections 7.2.2.2 (play2), 7.2.2.4 (receiveAudio), 7.2.2.5 (receiveVideo), 7.2.2.7 (seek) and 7.2.2.8 (pause).
import type { Command } from '../../message/command.ts';
import type { PlayerSender } from '../player-sender.ts';
import { StatusCode, onStatusCommand, statusInfo } from '../status.ts';
import { sendStreamError } from './answers.ts';
import type { SessionContext } from './session-state.ts';

const PLAYER_COMMANDS = ['receiveAudio', 'receiveVideo', 'pause', 'pauseRaw', 'seek', 'play2'] as const;
type PlayerCommandName = (typeof PLAYER_COMMANDS)[number];
type NamedCommand = Command & { readonly name: PlayerCommandName };

export const isPlayerCommand = (command: Command): command is NamedCommand =>
  PLAYER_COMMANDS.some((name) => name === command.name);

/** @param player undefined while nothing is played: then only what the client wants to receive is noted */
export function playerCommand(
  session: SessionContext,
  command: NamedCommand,
  messageStreamId: number,
  player?: PlayerSender,
): void {
  const tell = (code: string, description: string): void =>
    session.sender.command(onStatusCommand(statusInfo('status', code, description)), messageStreamId);
  switch (command.name) {
    case 'receiveAudio':
    case 'receiveVideo':
      return receive(session, command, tell, player);
    case 'pause':
    case 'pauseRaw':
      return pause(session, command, tell, player);
    case 'seek':
      // FFmpeg reads nothing more until it is told that it may.
      if (player !== undefined) tell(StatusCode.seekNotify, 'A live stream has one position only: it continues.');
      return;
    case 'play2':
      sendStreamError(
        session,
        messageStreamId,
        StatusCode.playFailed,
        'play2 (a change of streams while playing) is not supported: close the stream and play the other one',
      );
  }
}

/** "If the receiveAudio command is sent with a bool flag set to false, the server does not send any response." */
function receive(
  session: SessionContext,
  { name, args }: NamedCommand,
  tell: (code: string, description: string) => void,
  player: PlayerSender | undefined,
): void {
  const [wanted] = args;
  if (typeof wanted !== 'boolean') return;
  session.receives = { ...session.receives, [name === 'receiveAudio' ? 'audio' : 'video']: wanted };
  if (player === undefined) return;
  if (wanted) {
    tell(StatusCode.seekNotify, 'Seeking.');
    tell(StatusCode.playStart, 'Playing.');
  }
  session.handler.onPlayerCommand({ kind: 'receive', receives: session.receives });
}

function pause(
  session: SessionContext,
  { args }: NamedCommand,
  tell: (code: string, description: string) => void,
  player: PlayerSender | undefined,
): void {
  const [isPaused] = args;
  if (player === undefined || typeof isPaused !== 'boolean') return;
  if (isPaused) {
    tell(StatusCode.pauseNotify, 'Paused.');
    player.sendStreamEvent('streamEof');
  } else {
    player.sendStreamEvent('streamBegin');
    tell(StatusCode.unpauseNotify, 'Playing.');
  }
  session.handler.onPlayerCommand({ kind: 'pause', isPaused });
}
