// Bytes to and from one client: a socket, or the two sockets of an HTTP tunnel. Part of what `Socket` of node:net is.
export interface ClientStream {
  /** Bytes that the client has sent, with what they were wrapped in. */
  readonly bytesRead: number;
  readonly localAddress?: string | undefined;
  readonly writable: boolean;
  /** Bytes that wait for the client to read them. */
  readonly writableLength: number;
  /** @returns whether more may be written now; otherwise `drain` tells when */
  write(bytes: Uint8Array): boolean;
  pause(): unknown;
  resume(): unknown;
  isPaused(): boolean;
  /** Closes it once what was written is sent. */
  end(): unknown;
  destroy(): unknown;
  on(event: 'data', listener: (bytes: Buffer) => void): unknown;
  on(event: 'drain' | 'close', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}
