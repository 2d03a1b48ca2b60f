import { randomBytes } from 'node:crypto';

/** What a handshake needs from outside. */
export interface HandshakeEnvironment {
  /** Milliseconds of any clock that does not go back. */
  readonly now: () => number;
  /** Random bytes; need not be secret. */
  readonly random: (size: number) => Buffer;
}

/** @param now milliseconds of any clock that does not go back. */
export function handshakeEnvironment(now: () => number): HandshakeEnvironment {
  return { now, random: randomBytes };
}
