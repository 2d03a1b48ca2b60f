// Leases on the sources that edges pull: which edge pulls what, and what has become of it.

/** A lease on pulling one source. Only the holder of the newest token pulls. */
export interface SourceLease {
  readonly sourceId: string;
  /** The edge. */
  readonly owner: string;
  /** Only grows, as that of `Lease`. */
  readonly token: number;
}

/** What the holder of a lease says with each renewal. */
export interface SourceReport {
  readonly lease: SourceLease;
  /** Kept as it is, for readers; at most 2,048 characters. */
  readonly state: string;
}

/** A source that an edge holds now. */
export interface HeldSource {
  readonly owner: string;
  /** As the edge reported it last; empty before its first report. */
  readonly state: string;
}
