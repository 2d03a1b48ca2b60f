// From the text of a frame to a message of the protocol.
import { clientMessages, MAX_MESSAGE_ID_LENGTH } from './client-messages.ts';
import type { CheckedMessage } from './client-messages.ts';
import { SignalingError } from './signaling-errors.ts';

export type ParsedMessage =
  | { readonly message: CheckedMessage }
  /** `id` is that of the message, when it has one, so that the error can name it. */
  | { readonly error: SignalingError; readonly id: string | undefined };

/** The longest place that an error names: the rest of a hostile message stays out of it. */
const MAX_PLACE_LENGTH = 64;

export function parseClientMessage(text: string): ParsedMessage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { error: new SignalingError('bad_message', 'not JSON'), id: undefined };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { error: new SignalingError('bad_message', 'not an object'), id: undefined };
  const { type, id } = value as { readonly type?: unknown; readonly id?: unknown };
  const known = typeof id === 'string' && id !== '' && id.length <= MAX_MESSAGE_ID_LENGTH ? id : undefined;
  if (typeof type !== 'string') return { error: new SignalingError('bad_message', 'no type'), id: known };
  if (!Object.hasOwn(clientMessages, type)) return { error: new SignalingError('unknown_type'), id: known };
  const result = clientMessages[type as keyof typeof clientMessages].safeParse(value);
  if (result.success) return { message: result.data };
  const place = (result.error.issues[0]?.path.join('.') ?? '').slice(0, MAX_PLACE_LENGTH);
  // The path may contain a key of the client's own: only printable characters are repeated.
  return { error: new SignalingError('bad_message', place.replaceAll(/[^\w.]/g, '?') || 'its form'), id: known };
}
