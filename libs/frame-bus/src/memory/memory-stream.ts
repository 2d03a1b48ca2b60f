// One stream inside this process: its log, its subscriptions, what may be forgotten.
import { comparePositions, isConfiguration, isRandomAccess, TICKS_PER_MS, frameCost } from '@millrace/domain';
import type { Frame, FramePosition } from '@millrace/domain';
import type { PayloadMemory } from '../frame-bus.ts';
import type { FrameBusObserver } from '../frame-bus-observer.ts';
import { FrameLog } from '../log/frame-log.ts';
import type { BudgetMember, RetentionBudget } from '../retention/retention-budget.ts';
import type { MemorySubscription } from './memory-subscription.ts';

/**
 * Frames stay in the log until a commit mark covers them, and always those of the current and the previous group of
 * pictures; beyond `maxBytes`, or when all streams together have too much, the oldest go whatever they are.
 */
export class MemoryStream implements BudgetMember {
  readonly log = new FrameLog();
  readonly subscriptions = new Set<MemorySubscription>();
  publishers = 0;
  lastUsedMs: number;
  tenantId = '';
  readonly #maxBytes: number;
  readonly #budget: RetentionBudget;
  readonly #observer: FrameBusObserver;
  #isMember = false;
  readonly #newest = { epoch: 0, sequence: 0 };
  #committed: FramePosition = { epoch: 0, sequence: 0 };
  /** Where each group of pictures in the log starts: the index of its first configuration frame, or of its keyframe. */
  #groups: number[] = [];
  /** Index of the first of the configuration frames that came last, while nothing else has come after them. */
  #configurationStart: number | undefined;
  /** Where the payloads of this epoch lie. */
  #memory: PayloadMemory | undefined;
  #memoryEpoch = 0;
  /** Index after the last frame that a reader had which has left: what became of its views is not known. */
  #escapedEnd = 0;

  constructor(maxBytes: number, nowMs: number, budget: RetentionBudget, observer: FrameBusObserver) {
    this.#maxBytes = maxBytes;
    this.lastUsedMs = nowMs;
    this.#budget = budget;
    this.#observer = observer;
  }

  get retainedBytes(): number {
    return this.log.bytes;
  }

  /** From now on its log counts against the memory that all share; before its first publisher it has none. */
  join(tenantId: string): void {
    if (this.#isMember) return;
    this.#isMember = true;
    this.tenantId = tenantId;
    this.#budget.join(this);
  }

  /** It is forgotten, with all that is in its log. */
  leave(): void {
    if (!this.#isMember) return;
    this.#isMember = false;
    this.#budget.addRetained(-this.log.bytes);
    this.#budget.leave(this);
  }

  /** Index of the configuration before the newest keyframe. */
  get newestGroup(): number | undefined {
    return this.#groups.at(-1);
  }

  /** The time between the oldest and the newest frame of the log, where both are of one epoch. */
  get ageMs(): number {
    const { log } = this;
    if (log.first === log.end) return 0;
    const oldest = log.at(log.first);
    const newest = log.at(log.end - 1);
    return oldest.epoch === newest.epoch ? Math.max(0, newest.dts90k - oldest.dts90k) / TICKS_PER_MS : 0;
  }

  /**
   * Takes a frame and gives it to all who are up to date.
   * @param memory told when nothing reads its payload any more
   * @returns false for one of an epoch that is over
   */
  append(frame: Frame, memory?: PayloadMemory): boolean {
    if (comparePositions(frame, this.#newest) <= 0) return false;
    this.#newest.epoch = frame.epoch;
    this.#newest.sequence = frame.sequence;
    const index = this.log.end;
    this.log.push(frame);
    this.#budget.addRetained(frameCost(frame));
    this.#memory = memory;
    this.#memoryEpoch = frame.epoch;
    if (isConfiguration(frame)) this.#configurationStart ??= index;
    else {
      memory?.keep(frame.payload);
      if (isRandomAccess(frame)) {
        this.#groups.push(this.#configurationStart ?? index);
        this.#forget();
      }
      this.#configurationStart = undefined;
    }
    this.shrinkTo(this.#maxBytes);
    for (const subscription of this.subscriptions) subscription.pump();
    return true;
  }

  /** The oldest frames go, down to so many bytes; the newest stays. A subscriber that has not read them is told of a gap. */
  shrinkTo(bytes: number): number {
    const { log } = this;
    let evicted = 0;
    let went = 0;
    for (; log.bytes > bytes && log.end - log.first > 1; went++) {
      if (comparePositions(log.at(log.first), this.#committed) >= 0) evicted++;
      this.#drop();
    }
    if (evicted > 0) this.#observer.framesEvicted(evicted);
    return went;
  }

  /** Everything before this position is committed. */
  commit(position: FramePosition): void {
    if (comparePositions(position, this.#committed) <= 0) return;
    this.#committed = position;
    this.#forget();
  }

  #forget(): void {
    const { log } = this;
    const previousGroup = this.#groups.at(-2) ?? log.first;
    const keepFrom = Math.min(log.indexOf(this.#committed), previousGroup);
    while (log.first < keepFrom) this.#drop();
    if ((this.#groups[0] ?? log.first) < log.first) this.#groups = this.#groups.filter((start) => start >= log.first);
  }

  /** A subscription ends that had the frames up to this index, and may have kept views of them. */
  left(subscription: MemorySubscription, nextIndex: number): boolean {
    if (!this.subscriptions.delete(subscription)) return false;
    this.#escapedEnd = Math.max(this.#escapedEnd, nextIndex);
    return true;
  }

  #drop(): void {
    const { log } = this;
    const index = log.first;
    const frame = this.#memory && log.at(index);
    this.#budget.addRetained(-log.dropFirst());
    if (frame === undefined || frame.epoch !== this.#memoryEpoch || isConfiguration(frame)) return;
    if (!this.#isHeld(index)) this.#memory?.free(frame.payload);
  }

  #isHeld(index: number): boolean {
    if (index < this.#escapedEnd) return true;
    for (const subscription of this.subscriptions) if (subscription.holds(index)) return true;
    return false;
  }
}
