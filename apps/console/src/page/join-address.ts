// What the address of a call page says: the room in the path, the token in the fragment (which browsers never send).
import { isRelayTransport } from '@millrace/rooms-client';
import type { RelayTransport } from '@millrace/rooms-client';

export interface JoinAddress {
  readonly room: string;
  /** Empty where the link has none. */
  readonly token: string;
  /** Send everything through the relay, over this transport: to test a network, or the relay. */
  readonly relay: RelayTransport | undefined;
}

export function readJoinAddress({ pathname, search, hash }: Pick<URL, 'pathname' | 'search' | 'hash'>): JoinAddress {
  const relay = new URLSearchParams(search).get('relay') ?? '';
  return {
    room: decode(pathname.split('/').filter(Boolean)[1] ?? ''),
    token: new URLSearchParams(hash.slice(1)).get('token') ?? '',
    relay: isRelayTransport(relay) ? relay : undefined,
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The token in pasted text: a whole link, or the token alone. */
export const tokenIn = (text: string): string => /[#&]token=([^&\s]+)/.exec(text)?.[1] ?? text.trim();
