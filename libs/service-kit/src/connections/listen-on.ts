// Listening on all addresses of both families, also where the system has one of them only.
import type { AddressInfo, Server } from 'node:net';

/** All addresses: IPv6 ones, and IPv4 ones through the same socket. */
const ALL = '::';
const ALL_IPV4 = '0.0.0.0';
/** How a system without IPv6 answers: the kernel was built or started without it, or takes its addresses away. */
const NO_IPV6: ReadonlySet<string | undefined> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL']);

export interface ListeningPlace {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  /** As of `net.Server.listen`. */
  readonly exclusive?: boolean;
}

/**
 * Listens. A host of `::` takes IPv4 connections too, and falls back to IPv4 alone where the system has no IPv6.
 *
 * @returns where it listens
 */
export async function listenOn(server: Server, place: ListeningPlace): Promise<AddressInfo> {
  try {
    return await listen(server, place);
  } catch (error) {
    if (place.host !== ALL || !NO_IPV6.has((error as NodeJS.ErrnoException).code)) throw error;
    return listen(server, { ...place, host: ALL_IPV4 });
  }
}

function listen(server: Server, place: ListeningPlace): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(place, () => {
      server.off('error', reject);
      resolve(server.address() as AddressInfo);
    });
  });
}
