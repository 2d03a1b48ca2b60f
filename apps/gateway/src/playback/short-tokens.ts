// A playback token that is too long for an address, handed out again under a short name.
import { createCipheriv, createDecipheriv, hash, hkdfSync, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';

const PREFIX = 'mr_pt_';
const SECRET_BYTES = 18;
const PURPOSE = 'millrace short playback tokens 1';
const KEY_BYTES = 32;
const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

@Injectable()
export class ShortTokens {
  constructor(@Inject(LIVE_STORE) private readonly store: Pick<LiveStore, 'remember' | 'recall'>) {}

  /** @returns a name for a token, good for as long as given. @throws LiveStoreError */
  async handOut(token: string, ttlMs: number): Promise<string> {
    const short = PREFIX + randomBytes(SECRET_BYTES).toString('base64url');
    await this.store.remember(placeOf(short), seal(short, token), ttlMs);
    return short;
  }

  /** @returns what a short token stands for; any other text as it is, and so is a short one that has expired. @throws LiveStoreError */
  async expand(token: string): Promise<string> {
    if (!token.startsWith(PREFIX)) return token;
    const sealed = await this.store.recall(placeOf(token));
    return sealed === undefined ? token : open(token, sealed);
  }
}

/** The store holds neither the short token nor, in clear, the long one. */
const placeOf = (short: string): string => `short-token:${hash('sha256', short, 'base64url')}`;
const keyOf = (short: string): Buffer => Buffer.from(hkdfSync('sha256', short, '', PURPOSE, KEY_BYTES));

function seal(short: string, token: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, keyOf(short), iv);
  const text = Buffer.concat([cipher.update(token, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64');
}

function open(short: string, sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv(CIPHER, keyOf(short), bytes.subarray(0, IV_BYTES));
  decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  return decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
}
