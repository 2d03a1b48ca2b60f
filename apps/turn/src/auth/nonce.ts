// RFC 8489 section 9.2: nonces that the server can judge without having kept them. Each is a time and a keyed digest over that
// time and the client's address, so a flood of unauthenticated requests costs no memory, and a nonce is useless to any other client.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { formatNonceCookie } from '@millrace/protocol/stun';

/** Says in the nonce that password algorithms are offered, so that the offer cannot be removed on the path unseen. */
const COOKIE = formatNonceCookie({ passwordAlgorithms: true, usernameAnonymity: false });
const TIME_BYTES = 4;
const MAC_BYTES = 8;
const BODY_TEXT_LENGTH = ((TIME_BYTES + MAC_BYTES) * 4) / 3;

export const NONCE_KEY_BYTES = 32;
/** How long the two forms of a nonce are. */
const NONCE_TEXT_LENGTH = COOKIE.length + BODY_TEXT_LENGTH;
export const SHORT_NONCE_TEXT_LENGTH = BODY_TEXT_LENGTH;

export interface NonceVerdict {
  readonly valid: boolean;
  /** Ours, and given to this very address: a client that repeats it receives what is sent there, also when it is too old. */
  readonly provesAddress: boolean;
  /** Whether password algorithms were offered together with it: then a request must repeat them (section 9.2.4). */
  readonly offersAlgorithms: boolean;
}

const STALE: NonceVerdict = { valid: false, provesAddress: false, offersAlgorithms: false };

export class Nonces {
  readonly #key: Uint8Array;
  readonly #lifetimeS: number;

  /** @param key of this process, shared by its threads: nonces of another one are stale */
  constructor(key: Uint8Array, lifetimeMs: number) {
    this.#key = key;
    this.#lifetimeS = lifetimeMs / 1000;
  }

  /** @param short without the offer of password algorithms, for an answer that has no room for it */
  make(address: string, port: number, nowMs: number, short = false): string {
    const time = Buffer.alloc(TIME_BYTES);
    time.writeUInt32BE(Math.floor(nowMs / 1000) >>> 0);
    const body = Buffer.concat([time, this.#mac(time, address, port, short)]).toString('base64');
    return short ? body : COOKIE + body;
  }

  check(nonce: Uint8Array, address: string, port: number, nowMs: number): NonceVerdict {
    const text = Buffer.from(nonce.buffer, nonce.byteOffset, nonce.byteLength).toString('latin1');
    const short = text.length === SHORT_NONCE_TEXT_LENGTH;
    if (!short && !(text.length === NONCE_TEXT_LENGTH && text.startsWith(COOKIE))) return STALE;
    const body = Buffer.from(text.slice(-BODY_TEXT_LENGTH), 'base64');
    if (body.length !== TIME_BYTES + MAC_BYTES) return STALE;
    const time = body.subarray(0, TIME_BYTES);
    if (!timingSafeEqual(body.subarray(TIME_BYTES), this.#mac(time, address, port, short))) return STALE;
    const ageS = Math.floor(nowMs / 1000) - time.readUInt32BE(0);
    return { valid: ageS >= 0 && ageS < this.#lifetimeS, provesAddress: true, offersAlgorithms: !short };
  }

  #mac(time: Uint8Array, address: string, port: number, short: boolean): Buffer {
    const hmac = createHmac('sha256', this.#key)
      .update(time)
      .update(`${short ? 's' : 'f'} ${port} ${address}`);
    return hmac.digest().subarray(0, MAC_BYTES);
  }
}
