// RTMP 1.0 section 7.2.2.1: play.
import type { Command } from '../../message/command.ts';
import type { PlayerSender } from '../player-sender.ts';
import type { PlayRequest } from '../server-session-handler.ts';
import { StatusCode, onStatusCommand, statusInfo } from '../status.ts';
import { activeStreamCommand } from './active-stream-command.ts';
import { isPlayerCommand, playerCommand } from './player-command.ts';
import type { SessionContext, SessionState } from './session-state.ts';

/** The owner may send media; what the client sends is not taken. */
export class Playing implements SessionState {
  readonly name = 'playing';
  readonly active = true;
  readonly mediaStreamId = -1;
  readonly request: PlayRequest;
  readonly player: PlayerSender;

  constructor(request: PlayRequest, player: PlayerSender) {
    this.request = request;
    this.player = player;
  }

  leave(): void {
    this.player.close();
  }

  /** Tells the client that media follows (RTMP 1.0 section 7.2.2.1), in the order of FMS and SRS. */
  announce(session: SessionContext): void {
    const { messageStreamId } = this.request;
    session.sender.chunkSize(session.options.playerChunkSize);
    this.player.sendStreamEvent('streamBegin');
    for (const code of [StatusCode.playReset, StatusCode.playStart]) {
      session.sender.command(onStatusCommand(statusInfo('status', code, 'Playing.')), messageStreamId);
    }
    // Flash players take the right to read samples from this, and some others wait for it.
    this.player.announceData({ name: '|RtmpSampleAccess', values: [true, true] });
    this.player.announceData({ name: 'onStatus', values: [{ code: StatusCode.dataStart }] });
  }

  command(session: SessionContext, command: Command, messageStreamId: number): void {
    const isPlayers = isPlayerCommand(command) && messageStreamId === this.request.messageStreamId;
    if (isPlayers) playerCommand(session, command, messageStreamId, this.player);
    else activeStreamCommand(session, this.request, command, messageStreamId);
  }
}
