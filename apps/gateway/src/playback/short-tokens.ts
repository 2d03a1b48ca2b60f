// A short text that stands for a playback token: for addresses that take few characters, such as those of RTMP, RTSP and SRT. What it
// stands for is checked as the token is, so expiry, revocation, restrictions and single use hold.
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { LiveStoreError } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { SecretSeal } from '../auth/secret-seal.ts';
import { dependencyUnavailable } from '../http/problem-error.ts';
import { digestOf } from '../playback-tokens/verify-playback-token.ts';

const PURPOSE = 'millrace short playback tokens 1';
const KEY_BYTES = 32;
const ID_BYTES = 16;
const MAC_BYTES = 12;
const PREFIX = 'spt_';
/** Base64url of both, without padding. */
const FORM = new RegExp(`^${PREFIX}[A-Za-z0-9_-]{${Math.ceil(((ID_BYTES + MAC_BYTES) * 4) / 3)}}$`);
/** Its beginning: all of the id, and four bits of the proof. Enough to know which token it is, and too little to have it. */
const NAME_LENGTH = PREFIX.length + Math.ceil((ID_BYTES * 4) / 3);
const NAME = new RegExp(`^${PREFIX}[A-Za-z0-9_-]{${NAME_LENGTH - PREFIX.length}}$`);
/** What their names begin with in the live store. */
const RECORD = 'short-playback-token';

export class ShortTokens {
  readonly #key: Buffer;
  readonly #seal: SecretSeal;
  readonly #store: Pick<LiveStore, 'remember' | 'recall'>;

  /** @param pepper what every gateway of this installation shares */
  constructor(pepper: string, store: Pick<LiveStore, 'remember' | 'recall'>) {
    this.#key = Buffer.from(hkdfSync('sha256', pepper, '', PURPOSE, KEY_BYTES));
    this.#seal = new SecretSeal(pepper, PURPOSE);
    this.#store = store;
  }

  /** Whether a text has the form of one. */
  isOne(text: string): boolean {
    return FORM.test(text);
  }

  /**
   * @param name the first characters of a short token, which are no secret
   * @returns the whole text; undefined for what none begins with
   */
  named(name: string, playbackId: string): string | undefined {
    if (!NAME.test(name)) return undefined;
    const id = Buffer.from(name.slice(PREFIX.length), 'base64url').subarray(0, ID_BYTES);
    const text = this.#textOf(id, playbackId);
    return text.startsWith(name) ? text : undefined;
  }

  /**
   * @param ttlMs how long the token is valid
   * @returns the same text for the same token, so that asking again keeps no more
   * @throws ProblemError when the live store is away
   */
  async shorten(token: string, playbackId: string, ttlMs: number): Promise<string> {
    const id = this.#mac(`token ${playbackId} ${token}`, ID_BYTES);
    const text = this.#textOf(id, playbackId);
    const sealed = this.#seal.seal(token, playbackId).toString('base64');
    await told(this.#store.remember(nameOf(text), sealed, ttlMs));
    return text;
  }

  /**
   * @returns the token; undefined for what was not made here for this playback id, or is not kept any more
   * @throws ProblemError when the live store is away
   */
  async expand(text: string, playbackId: string): Promise<string | undefined> {
    const bytes = Buffer.from(text.slice(PREFIX.length), 'base64url');
    const id = bytes.subarray(0, ID_BYTES);
    const given = bytes.subarray(ID_BYTES);
    // A guess costs no request to the store.
    if (given.length !== MAC_BYTES || !timingSafeEqual(given, this.#proof(id, playbackId))) return undefined;
    const sealed = await told(this.#store.recall(nameOf(text)));
    return sealed === undefined ? undefined : this.#seal.open(Buffer.from(sealed, 'base64'), playbackId);
  }

  #textOf(id: Buffer, playbackId: string): string {
    return PREFIX + Buffer.concat([id, this.#proof(id, playbackId)]).toString('base64url');
  }

  #proof(id: Buffer, playbackId: string): Buffer {
    return this.#mac(`proof ${playbackId} ${id.toString('hex')}`, MAC_BYTES);
  }

  #mac(text: string, length: number): Buffer {
    return createHmac('sha256', this.#key).update(text).digest().subarray(0, length);
  }
}

/** Those who can read names in the store learn no token from them. */
const nameOf = (text: string): string => `${RECORD}:${digestOf(text)}`;

async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof LiveStoreError) throw dependencyUnavailable('The live store', error);
    throw error;
  }
}
