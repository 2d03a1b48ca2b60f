// The ports of UDP that sessions may use: pairs out of a range, with a share for each address.
import { SharedPlaces } from '@millrace/service-kit';
import { bindUdp, UdpPair } from './udp-pair.ts';
import type { UdpPeer } from './udp-pair.ts';

const PAIR = 2;
/** One address may have this part of all pairs. */
const PART_OF_ADDRESS = 1 / 4;

export interface UdpPortRange {
  readonly first: number;
  readonly last: number;
}

export class UdpPorts {
  /** First ports of the pairs that are free, the one that was used longest ago first. */
  readonly #free: number[] = [];
  readonly #places: SharedPlaces;

  constructor({ first, last }: UdpPortRange) {
    for (let port = first + (first % PAIR); port + 1 <= last; port += PAIR) this.#free.push(port);
    const max = this.#free.length;
    this.#places = new SharedPlaces({ max, maxPerAddress: Math.max(PAIR, Math.floor(max * PART_OF_ADDRESS)) });
  }

  /** How many pairs are open. */
  get taken(): number {
    return this.#places.taken;
  }

  /**
   * @param address of this host that the peer has connected to
   * @returns the pair, and what closes it; undefined when there is none left for this peer
   */
  async open(
    address: string,
    peer: UdpPeer & { readonly network: string },
  ): Promise<{ readonly pair: UdpPair; readonly close: () => void } | undefined> {
    const release = this.#places.take(peer);
    if (release === undefined) return undefined;
    for (let tries = this.#free.length; tries > 0; tries--) {
      const port = this.#free.shift();
      if (port === undefined) break;
      const pair = await bindPair(address, port, peer);
      if (pair === undefined) {
        // Another process has it.
        this.#free.push(port);
        continue;
      }
      let isOpen = true;
      const close = (): void => {
        if (!isOpen) return;
        isOpen = false;
        pair.close();
        this.#free.push(port);
        release();
      };
      return { pair, close };
    }
    release();
    return undefined;
  }
}

async function bindPair(address: string, port: number, peer: UdpPeer): Promise<UdpPair | undefined> {
  const rtp = await bindUdp(address, port);
  if (rtp === undefined) return undefined;
  const rtcp = await bindUdp(address, port + 1);
  if (rtcp !== undefined) return new UdpPair(peer, [port, port + 1], [rtp, rtcp]);
  rtp.close();
  return undefined;
}
