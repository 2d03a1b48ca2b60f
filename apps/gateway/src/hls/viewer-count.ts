// How many players watch, as far as playlists tell: each asks for its playlist every few seconds. A cache in front hides them.

/** Who has not asked for this long has left. */
const WINDOW_MS = 30_000;
/** Each viewer is noted once in each half of the window: so much watching, in seconds, that stands for. */
export const VIEWER_STEP_S = WINDOW_MS / 2 / 1_000;
/** So many are told apart; beyond that the figure stays where it is. */
const MAX_VIEWERS = 200_000;

export class ViewerCount {
  private current = new Set<string>();
  private before = new Set<string>();
  private startedAtMs = 0;

  /**
   * @param viewer what tells two players apart: address, program, stream
   * @returns whether it is the first time in this half of the window
   */
  note(viewer: string, nowMs: number): boolean {
    this.turn(nowMs);
    if (this.current.size >= MAX_VIEWERS || this.current.has(viewer)) return false;
    this.current.add(viewer);
    return true;
  }

  /** Those who asked in the last half to whole window. */
  count(nowMs: number): number {
    this.turn(nowMs);
    let count = this.current.size;
    for (const viewer of this.before) if (!this.current.has(viewer)) count++;
    return count;
  }

  /** Two halves of the window by turns, so that nothing is kept per viewer but its name. */
  private turn(nowMs: number): void {
    const age = nowMs - this.startedAtMs;
    if (age < WINDOW_MS / 2) return;
    this.before = age < WINDOW_MS ? this.current : new Set();
    this.current = new Set();
    this.startedAtMs = nowMs;
  }
}
