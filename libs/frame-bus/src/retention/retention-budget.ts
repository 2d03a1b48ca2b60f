// The memory that all streams of a bus share for frames that they keep: bounded, and shared fairly by tenants and streams.
import { FrameBusError } from '../frame-bus.errors.ts';
import { fairLevel } from './fair-level.ts';

/** A stream, or a publisher of one, that keeps frames. */
export interface BudgetMember {
  readonly tenantId: string;
  /** What the frames that it keeps cost. */
  readonly retainedBytes: number;
  /** Lets the oldest frames go, of those that may, until no more than `bytes` are left. @returns how many went */
  shrinkTo(bytes: number): number;
}

/** The members of one tenant. */
export class TenantPart {
  readonly members = new Set<BudgetMember>();
  /** What they keep that the bus has not confirmed. */
  inflightBytes = 0;

  get retainedBytes(): number {
    let bytes = 0;
    for (const member of this.members) bytes += member.retainedBytes;
    return bytes;
  }
}

/** At the limit so much goes at once, as a part of it: looking at all members has a price. */
const TRIM_PART = 1 / 16;
/** Below this part of the limit, the next time that it is reached is told again. */
const RELIEVED_PART = 3 / 4;
/**
 * From this part of the limit on, who has more unconfirmed than a fair share has to wait. Others may still come up to theirs,
 * first as tenants and then as streams: all together at most three times as much, which stays within the limit.
 */
const INFLIGHT_PART = 1 / 4;

/** What is told when frames begin to go for want of memory. */
export const memoryFull = (limitBytes: number): FrameBusError =>
  new FrameBusError(
    'memory-full',
    `uncommitted frames have reached their limit of ${limitBytes} bytes; discarding the oldest`,
  );

export class RetentionBudget {
  readonly limitBytes: number;
  readonly #onFull: () => void;
  readonly #parts = new Map<string, TenantPart>();
  readonly #inflightLimitBytes: number;
  #retainedBytes = 0;
  #inflightBytes = 0;
  #trimAtBytes: number;
  #isFull = false;

  /** @param onFull called when frames begin to go for want of memory */
  constructor(limitBytes: number, onFull: () => void) {
    this.limitBytes = limitBytes;
    this.#onFull = onFull;
    this.#trimAtBytes = limitBytes;
    this.#inflightLimitBytes = limitBytes * INFLIGHT_PART;
  }

  /** What all frames that are kept cost. */
  get retainedBytes(): number {
    return this.#retainedBytes;
  }

  /** What those of them cost that the bus has not confirmed. */
  get inflightBytes(): number {
    return this.#inflightBytes;
  }

  /** @returns the part of its tenant, for `addInflight` and `mustWait` */
  join(member: BudgetMember): TenantPart {
    let part = this.#parts.get(member.tenantId);
    if (!part) this.#parts.set(member.tenantId, (part = new TenantPart()));
    part.members.add(member);
    return part;
  }

  /** The member is gone; what it kept must have been taken off before. */
  leave(member: BudgetMember): void {
    const part = this.#parts.get(member.tenantId);
    part?.members.delete(member);
    if (part?.members.size === 0) this.#parts.delete(member.tenantId);
  }

  /** A member keeps so much more, or less. Beyond the limit, the oldest frames of those that keep most go. */
  addRetained(bytes: number): void {
    this.#retainedBytes += bytes;
    if (this.#retainedBytes > this.#trimAtBytes) this.#trim();
    else if (bytes < 0 && this.#retainedBytes <= this.limitBytes) {
      this.#trimAtBytes = this.limitBytes;
      if (this.#retainedBytes < this.limitBytes * RELIEVED_PART) this.#isFull = false;
    }
  }

  addInflight(part: TenantPart, bytes: number): void {
    part.inflightBytes += bytes;
    this.#inflightBytes += bytes;
  }

  /** Whether a member with so much unconfirmed must take no more: it has more than its share, and all have too much. */
  mustWait(part: TenantPart, ownInflightBytes: number): boolean {
    if (this.#inflightBytes <= this.#inflightLimitBytes) return false;
    const tenantShare = this.#inflightLimitBytes / this.#parts.size;
    return part.inflightBytes > tenantShare && ownInflightBytes > tenantShare / part.members.size;
  }

  #trim(): void {
    if (!this.#isFull) {
      this.#isFull = true;
      this.#onFull();
    }
    const parts = [...this.#parts.values()];
    const sizes = parts.map((part) => part.retainedBytes);
    const tenantLevel = fairLevel(sizes, this.limitBytes * (1 - TRIM_PART));
    for (const [index, part] of parts.entries()) {
      if (sizes[index]! <= tenantLevel) continue;
      const members = [...part.members];
      const level = fairLevel(
        members.map((member) => member.retainedBytes),
        tenantLevel,
      );
      for (const member of members) if (member.retainedBytes > level) member.shrinkTo(level);
    }
    // What is unconfirmed stays: not to be looked for again with each frame.
    this.#trimAtBytes = Math.max(this.limitBytes, this.#retainedBytes + this.limitBytes * TRIM_PART);
  }
}
