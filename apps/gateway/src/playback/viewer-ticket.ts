// What a playback token is exchanged for: a viewer's own pass to the media playlists, which every gateway can check by itself.
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

const PURPOSE = 'millrace viewer tickets 1';
const KEY_BYTES = 32;
const MAC_BYTES = 16;
const MAX_LENGTH = 8_192;

/** A viewer that was let in. */
export interface ViewerTicket {
  readonly playbackId: string;
  /** Names the token that it was given for: the viewer, as it is counted. */
  readonly tokenId: string;
  readonly keyId: string;
  readonly endsAtMs: number;
  readonly viewerId?: string | undefined;
  readonly version: number;
  readonly origins?: readonly string[] | undefined;
  readonly restrictionId?: string | undefined;
  /** Of a token that may start playback once, until it is used up: when it expires. Not written. */
  readonly singleUse?: { readonly expiresAtMs: number } | undefined;
}

const written = z.strictObject({
  p: z.string(),
  t: z.string(),
  k: z.string(),
  e: z.number(),
  i: z.string().optional(),
  v: z.number(),
  o: z.array(z.string()).optional(),
  r: z.string().optional(),
});

export class ViewerTickets {
  readonly #key: Buffer;

  /** @param pepper what every gateway of this installation shares */
  constructor(pepper: string) {
    this.#key = Buffer.from(hkdfSync('sha256', pepper, '', PURPOSE, KEY_BYTES));
  }

  /** @returns characters that need no escape in a URL */
  write(ticket: ViewerTicket): string {
    const fields: z.infer<typeof written> = {
      p: ticket.playbackId,
      t: ticket.tokenId,
      k: ticket.keyId,
      e: ticket.endsAtMs,
      i: ticket.viewerId,
      v: ticket.version,
      o: ticket.origins === undefined ? undefined : [...ticket.origins],
      r: ticket.restrictionId,
    };
    const body = Buffer.from(JSON.stringify(fields)).toString('base64url');
    return `${body}.${this.#mac(body).toString('base64url')}`;
  }

  /** @returns undefined for what no gateway of this installation wrote, or wrote for another playback id */
  read(text: string, playbackId: string): ViewerTicket | undefined {
    const [body, mac, ...more] = text.length > MAX_LENGTH ? [] : text.split('.');
    if (body === undefined || mac === undefined || more.length > 0) return undefined;
    const given = Buffer.from(mac, 'base64url');
    if (given.length !== MAC_BYTES || !timingSafeEqual(given, this.#mac(body))) return undefined;
    const { p, t, k, e, i, v, o, r } = written.parse(JSON.parse(Buffer.from(body, 'base64url').toString('utf8')));
    if (p !== playbackId) return undefined;
    return { playbackId: p, tokenId: t, keyId: k, endsAtMs: e, viewerId: i, version: v, origins: o, restrictionId: r };
  }

  #mac(body: string): Buffer {
    return createHmac('sha256', this.#key).update(body).digest().subarray(0, MAC_BYTES);
  }
}
