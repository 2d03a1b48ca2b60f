// Handshakes of SRT that have opened a stream: a recording of one opens none again. The handshake has no challenge, so only memory tells.
import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { PublishPassphrase } from '@millrace/control';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';

/** Of a salt, and of the attempt that used it: 72 and 48 bits of their hashes, in base 64. */
const SALT_LENGTH = 12;
const ATTEMPT_LENGTH = 8;
const MARK_LENGTH = SALT_LENGTH + ATTEMPT_LENGTH;
/** Since the newest handshake of a key. */
const REMEMBERED_MS = 90 * 24 * 60 * 60 * 1_000;
/** Gateways that are asked for one key at once take turns; one that dies meanwhile holds up the others for so long. */
const TURN_MS = 2_000;
const TURN_STEP_MS = 25;

@Injectable()
export class SrtHandshakes {
  readonly #max: number;

  constructor(
    @Inject(LIVE_STORE) private readonly store: LiveStore,
    @Inject(GATEWAY_SETTINGS) settings: Pick<GatewaySettings, 'srtSeenHandshakesPerKey'>,
  ) {
    this.#max = settings.srtSeenHandshakesPerKey;
  }

  /**
   * By the salt: callers draw one for each connection, and keep it when they change keys in it (section 6.3 of the draft), so that key material
   * of the middle of a connection opens none either.
   *
   * @returns whether it is new, or was used by this same attempt
   */
  async use(streamKeyId: string, shown: Pick<PublishPassphrase, 'salt' | 'attempt'>): Promise<boolean> {
    if (this.#max === 0) return true;
    const used = { name: `srt-salts:${streamKeyId}`, ...marksOf(shown) };
    // Without a turn: recordings that are sent again and again must not hold up the encoder whose handshake is new.
    const known = usedBefore((await this.store.recall(used.name)) ?? '', used);
    if (known !== undefined) return known;
    const turn = `srt-turn:${streamKeyId}`;
    const holder = randomUUID();
    const giveUpAtMs = performance.now() + TURN_MS;
    while (!(await this.store.useOnce(turn, holder, TURN_MS))) {
      if (performance.now() >= giveUpAtMs) throw new Error('another gateway decides about this stream key');
      await sleep(TURN_STEP_MS);
    }
    try {
      return await this.#remember(used);
    } finally {
      await this.store.forget(turn);
    }
  }

  /** The newest first; the oldest is forgotten. */
  async #remember(used: UsedSalt): Promise<boolean> {
    const { name, mark } = used;
    const marks = (await this.store.recall(name)) ?? '';
    const known = usedBefore(marks, used);
    if (known !== undefined) return known;
    await this.store.remember(name, (mark + marks).slice(0, this.#max * MARK_LENGTH), REMEMBERED_MS);
    return true;
  }
}

interface UsedSalt {
  /** Of the record with the salts of a stream key. */
  readonly name: string;
  readonly saltMark: string;
  /** Of the salt and the attempt. */
  readonly mark: string;
}

/** Whether it was this very attempt that used the salt; undefined for a salt that is not among those used. */
function usedBefore(marks: string, { saltMark, mark }: UsedSalt): boolean | undefined {
  for (let at = 0; at < marks.length; at += MARK_LENGTH)
    if (marks.startsWith(saltMark, at)) return marks.startsWith(mark, at);
  return undefined;
}

function marksOf({
  salt,
  attempt = randomUUID(),
}: Pick<PublishPassphrase, 'salt' | 'attempt'>): Omit<UsedSalt, 'name'> {
  const saltMark = markOf(Buffer.from(salt, 'base64'), SALT_LENGTH);
  return { saltMark, mark: saltMark + markOf(attempt, ATTEMPT_LENGTH) };
}

const markOf = (text: string | Buffer, length: number): string =>
  createHash('sha256').update(text).digest('base64url').slice(0, length);
