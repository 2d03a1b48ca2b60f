// Where new clients are sent while this server drains: the servers that answer, each in turn.
import type { TransportAddress } from '@millrace/protocol/stun';
import type { IpFamily } from '../peers/ip-address.ts';

export class AlternateServers {
  #servers: readonly TransportAddress[];
  readonly #next: Record<IpFamily, number> = { IPv4: 0, IPv6: 0 };

  constructor(servers: readonly TransportAddress[]) {
    this.#servers = servers;
  }

  /** From now on these and no others. */
  replace(servers: readonly TransportAddress[]): void {
    this.#servers = servers;
  }

  /** RFC 8489 section 10: the server named "MUST" be of the client's own family. */
  next(family: IpFamily): TransportAddress | undefined {
    const ofFamily = this.#servers.filter((server) => server.family === family);
    return ofFamily[this.#next[family]++ % ofFamily.length];
  }
}
