// The manifests that viewers ask for, each made once for a version of the playlists.
import type { LiveStore } from '@millrace/live-store';
import { formatManifest } from '@millrace/protocol/dash';
import type { DashManifest } from '@millrace/protocol/dash';
import { BoundedCache } from '../cache/bounded-cache.ts';
import { manifestOf } from './manifest-of.ts';

/** How far the playlist reaches that viewers are shown. */
interface ManifestVersion {
  readonly headMediaSequence: number;
  readonly ended: boolean;
}

/** What there is for MPEG-DASH of one version of a stream. */
export interface KnownManifest extends ManifestVersion {
  /** Undefined: the stream has no renditions. */
  readonly manifest: DashManifest | undefined;
  readonly text: string;
  /** Until when the manifest of a stream that has ended is dynamic; undefined while it is live, and behind that. */
  readonly closingUntilMs: number | undefined;
}

/** For so long a manifest that has a duration is not static: players ask every second, and may be late on a busy machine. Shaka Player ends behind that. */
const CLOSING_MS = 12_000;

export class ManifestCache {
  readonly #known: BoundedCache<string, KnownManifest>;
  readonly #reading = new Map<string, Promise<KnownManifest | undefined>>();
  readonly #store: LiveStore;
  readonly #nowMs: () => number;

  constructor(store: LiveStore, maxStreams: number, nowMs: () => number = () => performance.now()) {
    this.#store = store;
    this.#nowMs = nowMs;
    this.#known = new BoundedCache(maxStreams);
  }

  /** @returns undefined when the stream is not live. @throws LiveStoreError with nothing to show */
  async of(streamId: string, version: ManifestVersion): Promise<KnownManifest | undefined> {
    const known = this.#known.get(streamId);
    if (known !== undefined && isSame(known, version) && !this.#isClosed(known)) return known;
    let reading = this.#reading.get(streamId);
    if (reading === undefined) {
      reading = this.#read(streamId, known).finally(() => this.#reading.delete(streamId));
      this.#reading.set(streamId, reading);
    }
    return reading;
  }

  async #read(streamId: string, known: KnownManifest | undefined): Promise<KnownManifest | undefined> {
    try {
      const state = await this.#store.readPlaylist(streamId);
      // A store that has lost something shows less than before for a while: viewers never see a manifest go back.
      if (state === undefined || state.head.mediaSequence < (known?.headMediaSequence ?? 0)) return known;
      const { ended, head } = state;
      const wasEnded = known !== undefined && known.ended && known.headMediaSequence === head.mediaSequence;
      const nowMs = this.#nowMs();
      const closing = wasEnded ? known.closingUntilMs : nowMs + CLOSING_MS;
      const closingUntilMs = ended && closing !== undefined && closing > nowMs ? closing : undefined;
      const manifest = manifestOf(state, closingUntilMs !== undefined);
      const text = manifest === undefined ? '' : formatManifest(manifest);
      const made = { headMediaSequence: head.mediaSequence, ended, manifest, text, closingUntilMs };
      this.#known.set(streamId, made);
      return made;
    } catch (error) {
      if (known === undefined) throw error;
      return known;
    }
  }

  /** Whether it is static from now on. */
  #isClosed({ closingUntilMs = Infinity }: KnownManifest): boolean {
    return closingUntilMs <= this.#nowMs();
  }
}

const isSame = (one: ManifestVersion, other: ManifestVersion): boolean =>
  one.headMediaSequence === other.headMediaSequence && one.ended === other.ended;
