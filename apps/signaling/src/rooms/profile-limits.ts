// What a participant says of itself, checked against the limits of the settings.
import type { Metadata, MuteState } from '@millrace/rooms-client';
import type { RoomsSettings } from '../settings.ts';
import { SignalingError } from '../messages/signaling-errors.ts';

type Limits = Pick<RoomsSettings, 'roomMaxNameLength' | 'roomMaxMetadataBytes' | 'roomMaxChatBytes'>;

export interface Profile {
  readonly name?: string;
  readonly metadata?: Metadata;
  readonly muted?: MuteState;
}

/** For a participant that says nothing: microphone and camera are on until it says otherwise, no screen is shared. */
export const DEFAULT_MUTED: MuteState = { audio: false, video: false, screen: true };
export const DEFAULT_NAME = 'Guest';

/** @throws SignalingError when something is too long */
export function checkProfile({ name = '', metadata = {} }: Profile, limits: Limits): void {
  if (name.length > limits.roomMaxNameLength) throw new SignalingError('bad_message', 'name');
  if (Buffer.byteLength(JSON.stringify(metadata)) > limits.roomMaxMetadataBytes)
    throw new SignalingError('bad_message', 'metadata');
}

/** @throws SignalingError when it is too long */
export function checkChat(text: string, limits: Limits): void {
  if (Buffer.byteLength(text) > limits.roomMaxChatBytes) throw new SignalingError('bad_message', 'text');
}
