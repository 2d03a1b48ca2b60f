// From a text of the server to a message. The server is trusted for the shape of what it names, not for knowing less than it.
import type { DirectMessage, RoomEvent, ServerMessage } from '../messages.ts';

const EVENTS = {
  participant_joined: true,
  participant_updated: true,
  participant_left: true,
  room_updated: true,
  offer: true,
  answer: true,
  candidate: true,
  end_of_candidates: true,
  chat: true,
} as const satisfies Record<RoomEvent['type'], true>;

const DIRECT = {
  joined: true,
  resumed: true,
  ice_servers: true,
  probed: true,
  token: true,
  pong: true,
  accepted: true,
  left: true,
  go_away: true,
  error: true,
} as const satisfies Record<DirectMessage['type'], true>;

/** @returns undefined for what is no message, or one that this version does not know: both are passed over */
export function parseServerMessage(text: string): ServerMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('type' in value) || typeof value.type !== 'string')
    return undefined;
  const numbered = 'sequence' in value && typeof value.sequence === 'number';
  const known = numbered ? Object.hasOwn(EVENTS, value.type) : Object.hasOwn(DIRECT, value.type);
  return known ? (value as ServerMessage) : undefined;
}

/** An event carries a sequence; a direct message does not. */
export const isRoomEvent = (message: ServerMessage): message is RoomEvent => 'sequence' in message;
