// Signatures of segment URLs: one for all viewers of a playback id, so that a cache in front serves all of them from one copy.
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

const PURPOSE = 'millrace segment signatures 1';
const KEY_BYTES = 32;
const MAC_BYTES = 16;
const MS = 1_000;
/** A segment stays readable for so long after the playlist that lists it may have been read for the last time. */
const SPARE_S = 30;
/** Ends are rounded up to these, so that playlists of the same half-minute, of every gateway, name the same URLs. */
const END_STEP_S = 30;
const WINDOW_STEP_S = 10;
const BASE = 36;
const QUERY = /^(?:.*&)?e=([0-9a-z]{1,8})&s=([A-Za-z0-9_-]{22})(?:&.*)?$/;

export class SegmentSignatures {
  readonly #key: Buffer;

  /** @param pepper what every gateway of this installation shares */
  constructor(pepper: string) {
    this.#key = Buffer.from(hkdfSync('sha256', pepper, '', PURPOSE, KEY_BYTES));
  }

  /** @param windowS how much the playlist lists @returns seconds since 1970 at which what it lists may not be read any more */
  endFor(windowS: number, nowMs: number): number {
    return roundUp(nowMs / MS, END_STEP_S) + roundUp(windowS, WINDOW_STEP_S) + SPARE_S;
  }

  /** @returns the query of the segment's URL */
  sign(playbackId: string, name: string, endS: number): string {
    const end = endS.toString(BASE);
    return `e=${end}&s=${this.#mac(playbackId, name, end).toString('base64url')}`;
  }

  /** @param query what follows `?` @returns seconds that the signature is still good for; undefined when it is not good */
  secondsLeft(playbackId: string, name: string, query: string, nowMs: number): number | undefined {
    const [, end, mac] = QUERY.exec(query) ?? [];
    if (end === undefined || mac === undefined) return undefined;
    const leftS = Number.parseInt(end, BASE) - Math.floor(nowMs / MS);
    if (leftS <= 0) return undefined;
    const given = Buffer.from(mac, 'base64url');
    if (given.length !== MAC_BYTES || !timingSafeEqual(given, this.#mac(playbackId, name, end))) return undefined;
    return leftS;
  }

  #mac(playbackId: string, name: string, end: string): Buffer {
    return createHmac('sha256', this.#key).update(`${playbackId}/${name} ${end}`).digest().subarray(0, MAC_BYTES);
  }
}

const roundUp = (value: number, step: number): number => Math.ceil(value / step) * step;
