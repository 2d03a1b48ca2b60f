// Asks gateways, again and again, whether those who watch may go on.
import { MAX_CHECKED_VISITS } from '@millrace/control';
import type { CheckedVisit, CheckPlaybackAnswer, ControlPlane } from '@millrace/control';
import type { WatchedViewer } from '../live/live-streams.ts';

/** With what gateways remember, a takedown or a revocation ends open connections within three seconds. */
const CHECK_MS = 1_000;
/** What a token has let in is looked at by itself, all others together. */
interface Checked {
  readonly visit: CheckedVisit;
  readonly viewers: Set<WatchedViewer>;
}

export class PlayerChecks {
  readonly #control: Pick<ControlPlane, 'checkPlayback'>;
  readonly #timeoutMs: number;
  readonly #checked = new Map<string, Checked>();
  readonly #groups = new Map<string, { groups: readonly string[]; viewers: number }>();
  #timer: NodeJS.Timeout | undefined;
  #isAsking = false;

  /** @param timeoutMs how long gateways may take to answer */
  constructor(control: Pick<ControlPlane, 'checkPlayback'>, timeoutMs: number) {
    this.#control = control;
    this.#timeoutMs = timeoutMs;
  }

  /** The groups with a quota that viewers of a playback id count in. */
  groupsOf(playbackId: string): readonly string[] {
    return this.#groups.get(playbackId)?.groups ?? [];
  }

  /** @returns call it once, when the viewer has left */
  add(viewer: WatchedViewer, visit: CheckedVisit, groups: readonly string[]): () => void {
    const { playbackId, ticket } = visit;
    const known = this.#groups.get(playbackId);
    this.#groups.set(playbackId, { groups, viewers: (known?.viewers ?? 0) + 1 });
    const name = ticket === undefined ? playbackId : `${playbackId} ${ticket} ${visit.clientAddress}`;
    const checked = this.#checked.get(name) ?? { visit, viewers: new Set() };
    this.#checked.set(name, checked);
    checked.viewers.add(viewer);
    this.#timer ??= setInterval(() => void this.#check(), CHECK_MS).unref();
    return () => {
      checked.viewers.delete(viewer);
      if (checked.viewers.size === 0) this.#checked.delete(name);
      this.#forgetGroups(playbackId);
      if (this.#checked.size === 0) this.stop();
    };
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** The last viewer's leaving is still to be told to its groups: they are forgotten a little later. */
  #forgetGroups(playbackId: string): void {
    const known = this.#groups.get(playbackId);
    if (known === undefined || --known.viewers > 0) return;
    setTimeout(() => {
      if (this.#groups.get(playbackId)?.viewers === 0) this.#groups.delete(playbackId);
    }, 2 * CHECK_MS).unref();
  }

  async #check(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      const all = [...this.#checked.values()];
      for (let from = 0; from < all.length; from += MAX_CHECKED_VISITS) {
        const asked = all.slice(from, from + MAX_CHECKED_VISITS);
        const visits = asked.map(({ visit }) => visit);
        const answer = await this.#control.checkPlayback({ visits }, this.#timeoutMs);
        // What cannot be told now ends nothing.
        answer?.visits.forEach((verdict, i) => this.#apply(asked[i], verdict));
      }
    } finally {
      this.#isAsking = false;
    }
  }

  #apply(checked: Checked | undefined, { refusal, groups }: CheckPlaybackAnswer['visits'][number]): void {
    if (checked === undefined) return;
    const known = this.#groups.get(checked.visit.playbackId);
    if (refusal === undefined && known !== undefined) known.groups = groups;
    if (refusal !== undefined) for (const viewer of [...checked.viewers]) viewer.end('taken_down');
  }
}
