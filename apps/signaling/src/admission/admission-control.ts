// Who may open a socket: by origin, by how many there are, by how fast they come.
import { TokenBucket } from '@millrace/protocol/rate';
import { peerAddress, peerNetwork } from '@millrace/service-kit';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

export interface AdmissionLimits {
  readonly signalingAllowedOrigins: readonly string[];
  readonly signalingTrustedProxies: number;
  readonly signalingMaxSockets: number;
  readonly signalingMaxSocketsPerAddress: number;
  readonly signalingConnectsPerMinute: number;
}

/** Why a socket is refused, and the HTTP status that says so. */
export const SOCKET_REFUSALS = {
  origin: 403,
  too_many_from_address: 429,
  too_fast_from_address: 429,
  too_many_sockets: 503,
  draining: 503,
} as const;
export type SocketRefusal = keyof typeof SOCKET_REFUSALS;

/** Who was let in. */
export interface Admitted {
  readonly address: string;
  /** It has joined a room: other limits hold it from now on, and it does not count against its address any more. */
  readonly joined: () => void;
}

export type SocketAdmission =
  | (Admitted & { readonly admitted: true; readonly release: () => void })
  | { readonly admitted: false; readonly refusal: SocketRefusal };

/** Beyond so many remembered networks those that have nothing missing are forgotten. */
const MANY_NETWORKS = 10_000;

export class AdmissionControl {
  readonly #limits: AdmissionLimits;
  /** By network, those that have not joined a room. */
  readonly #unjoined = new Map<string, number>();
  readonly #paces = new Map<string, TokenBucket>();
  #total = 0;
  #draining = false;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  get total(): number {
    return this.#total;
  }

  /** Refuses all sockets from now on. */
  close(): void {
    this.#draining = true;
  }

  admit(request: IncomingMessage): SocketAdmission {
    const limits = this.#limits;
    if (this.#draining) return refused('draining');
    if (!this.#isAllowed(request.headers.origin)) return refused('origin');
    if (this.#total >= limits.signalingMaxSockets) return refused('too_many_sockets');
    const address = clientAddress(request, limits.signalingTrustedProxies);
    const network = peerNetwork(address);
    const fromHere = this.#unjoined.get(network) ?? 0;
    if (fromHere >= limits.signalingMaxSocketsPerAddress) return refused('too_many_from_address');
    if (!this.#pace(network).take()) return refused('too_fast_from_address');
    this.#total++;
    this.#unjoined.set(network, fromHere + 1);
    const joined = once(() => this.#joined(network));
    const release = once(() => {
      joined();
      this.#total--;
    });
    return { admitted: true, address, joined, release };
  }

  /** A client that is no browser sends no origin: what is checked here protects people's browsers, not this server. */
  #isAllowed(origin: string | undefined): boolean {
    const { signalingAllowedOrigins: allowed } = this.#limits;
    return origin === undefined || allowed.includes('*') || allowed.includes(origin);
  }

  #pace(network: string): TokenBucket {
    const known = this.#paces.get(network);
    if (known !== undefined) return known;
    if (this.#paces.size >= MANY_NETWORKS)
      for (const [other, pace] of this.#paces) if (pace.isFull) this.#paces.delete(other);
    const perMinute = this.#limits.signalingConnectsPerMinute;
    const pace = new TokenBucket(perMinute / 60, perMinute, () => performance.now());
    this.#paces.set(network, pace);
    return pace;
  }

  #joined(network: string): void {
    const left = (this.#unjoined.get(network) ?? 1) - 1;
    if (left > 0) this.#unjoined.set(network, left);
    else this.#unjoined.delete(network);
  }
}

const refused = (refusal: SocketRefusal): SocketAdmission => ({ admitted: false, refusal });

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
  };
}

/**
 * The address of the client: of the connection, or, behind proxies, the one that the outermost trusted proxy has seen. Anything
 * before that in `X-Forwarded-For` may be forged.
 */
export function clientAddress(request: IncomingMessage, trustedProxies: number): string {
  const direct = peerAddress(request.socket.remoteAddress);
  if (trustedProxies === 0) return direct;
  const header = request.headers['x-forwarded-for'];
  const seen = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',').map((text) => text.trim());
  const claimed = seen.at(-trustedProxies);
  return claimed !== undefined && isIP(claimed) !== 0 ? peerAddress(claimed) : direct;
}
