// Tells the live store who watches in this process, so that viewers are counted over all processes.
import type { LiveStore } from '@millrace/live-store';
import type { Logger } from '@millrace/service-kit';
import type { ViewerListener } from './playback-meter.ts';

const TELL_MS = 1_000;
/** How often viewers with a connection are told again: the store forgets them after half a minute. */
const TELL_AGAIN_MS = 10_000;

interface News {
  readonly seen: Set<string>;
  readonly left: Set<string>;
}

export interface ViewerReportsOptions {
  readonly store: Pick<LiveStore, 'noteViewers'>;
  readonly logger: Logger;
  /** The ids of the groups with a quota that viewers of a playback id count in. */
  readonly groupsOf: (playbackId: string) => readonly string[];
}

export class ViewerReports implements ViewerListener {
  readonly #options: ViewerReportsOptions;
  /** Viewers with a connection here, and how many each: one token may open several. */
  readonly #connected = new Map<string, Map<string, number>>();
  #news = new Map<string, News>();
  #toldAllAtMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #telling: Promise<void> | undefined;

  constructor(options: ViewerReportsOptions) {
    this.#options = options;
  }

  seen(playbackId: string, name: string): void {
    const { seen, left } = this.#newsOf(playbackId);
    left.delete(name);
    seen.add(name);
  }

  arrived(playbackId: string, name: string): void {
    const here = this.#connected.get(playbackId) ?? new Map<string, number>();
    this.#connected.set(playbackId, here.set(name, (here.get(name) ?? 0) + 1));
    this.seen(playbackId, name);
  }

  left(playbackId: string, name: string): void {
    const here = this.#connected.get(playbackId);
    const others = (here?.get(name) ?? 1) - 1;
    if (others > 0) return void here?.set(name, others);
    here?.delete(name);
    if (here?.size === 0) this.#connected.delete(playbackId);
    const { seen, left } = this.#newsOf(playbackId);
    seen.delete(name);
    left.add(name);
  }

  /** Tells of those who have been cut off by a stop. */
  async close(): Promise<void> {
    await this.#telling;
    clearTimeout(this.#timer);
    await this.#tell();
  }

  async #tell(): Promise<void> {
    const now = performance.now();
    if (now - this.#toldAllAtMs >= TELL_AGAIN_MS) {
      this.#toldAllAtMs = now;
      for (const [playbackId, here] of this.#connected) for (const name of here.keys()) this.seen(playbackId, name);
    }
    if (this.#news.size === 0) return;
    const news = this.#news;
    this.#news = new Map();
    const notes = [...news].map(([playbackId, { seen, left }]) => ({
      playbackId,
      seen: [...seen],
      left: [...left],
      groups: this.#options.groupsOf(playbackId),
    }));
    try {
      await this.#options.store.noteViewers(notes);
    } catch (error) {
      // Told again soon, or forgotten by the store by itself.
      this.#options.logger.debug({ err: error }, 'cannot tell the live store who watches');
    }
  }

  /** Nothing wakes up while there are no viewers. */
  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#telling = this.#tell().finally(() => {
        if (this.#news.size > 0 || this.#connected.size > 0) this.#schedule();
      });
    }, TELL_MS).unref();
  }

  #newsOf(playbackId: string): News {
    this.#schedule();
    const known = this.#news.get(playbackId);
    if (known !== undefined) return known;
    const made: News = { seen: new Set(), left: new Set() };
    this.#news.set(playbackId, made);
    return made;
  }
}
