// RTMP 1.0 section 7.2.2: NetStream status; the codes are ActionScript's.
import type { AmfRecord } from '../../amf3/index.ts';
import type { Command } from '../message/command.ts';

export const StatusCode = {
  connectSuccess: 'NetConnection.Connect.Success',
  connectRejected: 'NetConnection.Connect.Rejected',
  connectReconnectRequest: 'NetConnection.Connect.ReconnectRequest',
  callFailed: 'NetConnection.Call.Failed',
  publishStart: 'NetStream.Publish.Start',
  publishBadName: 'NetStream.Publish.BadName',
  publishDenied: 'NetStream.Publish.Denied',
  unpublishSuccess: 'NetStream.Unpublish.Success',
  playReset: 'NetStream.Play.Reset',
  playStart: 'NetStream.Play.Start',
  playStop: 'NetStream.Play.Stop',
  playWarning: 'NetStream.Play.Warning',
  playFailed: 'NetStream.Play.Failed',
  playStreamNotFound: 'NetStream.Play.StreamNotFound',
  playPublishNotify: 'NetStream.Play.PublishNotify',
  playUnpublishNotify: 'NetStream.Play.UnpublishNotify',
  pauseNotify: 'NetStream.Pause.Notify',
  unpauseNotify: 'NetStream.Unpause.Notify',
  seekNotify: 'NetStream.Seek.Notify',
  dataStart: 'NetStream.Data.Start',
} as const;

export type StatusLevel = 'status' | 'warning' | 'error';

/** What happened, in a code for programs and words for people. */
export interface Status {
  readonly level: StatusLevel;
  readonly code: string;
  readonly description: string;
}

export function statusInfo(level: StatusLevel, code: string, description: string): AmfRecord {
  return { level, code, description };
}

/** The onStatus command with an info object. It asks for no answer: transaction id 0. */
export function onStatusCommand(info: AmfRecord): Command {
  return { name: 'onStatus', transactionId: 0, object: null, args: [info] };
}
