// How many players watch, counted by playlist requests: each player sends one every few seconds. A cache in front hides them.
import { hash } from 'node:crypto';
import { peerNetwork } from '@millrace/service-kit';
import { METERING_LIMITS } from './metering-limits.ts';

/** A player that has not asked for this long has left. */
const WINDOW_MS = 30_000;
/** Each viewer is noted once in each half of the window: this much watching, in seconds, counts for each note. */
export const VIEWER_STEP_S = WINDOW_MS / 2 / 1_000;
/** The figure does not grow beyond it. Each viewer takes some 40 bytes in each half. */
const MAX_VIEWERS = METERING_LIMITS.maxViewers;
/** One address can pretend to be any number of players. */
const MAX_VIEWERS_PER_ADDRESS = METERING_LIMITS.maxViewersPerAddress;
/** The viewers of other tenants are counted whatever one does. */
const MAX_VIEWERS_PER_TENANT = METERING_LIMITS.maxViewersPerTenant;
/** How much of a User-Agent tells two players apart, in characters. */
const USER_AGENT_LENGTH = 256;
/** 48 bits of the digest: a number that is kept without a string. Of 200,000 viewers one pair in 14,000 windows collides. */
const HASH_BYTES = 6;
const NAME_BASE = 36;

export interface Viewer {
  readonly address: string;
  readonly userAgent: string;
  readonly playbackId: string;
  readonly streamId: string;
  readonly tenantId: string;
  /** What it was let in by, where that names it better than its address and program do. */
  readonly tokenId?: string | undefined;
}

/** The viewers of half a window. Nothing that a peer wrote is kept of them, however long it is: only numbers. */
class HalfWindow {
  readonly viewers = new Set<number>();
  /** How many of them play each playback id, and how many of these the half before did not have. */
  readonly #byPlayback = new Map<number, { all: number; fresh: number }>();
  readonly #byAddress = new Map<number, number>();
  readonly #byTenant = new Map<string, number>();

  /** @returns whether it was added */
  add(viewer: Viewer, name: number, before: HalfWindow): boolean {
    if (this.viewers.size >= MAX_VIEWERS || this.viewers.has(name)) return false;
    const address = hashOf(peerNetwork(viewer.address));
    const fromHere = this.#byAddress.get(address) ?? 0;
    const ofTenant = this.#byTenant.get(viewer.tenantId) ?? 0;
    if (fromHere >= MAX_VIEWERS_PER_ADDRESS || ofTenant >= MAX_VIEWERS_PER_TENANT) return false;
    this.viewers.add(name);
    this.#byAddress.set(address, fromHere + 1);
    this.#byTenant.set(viewer.tenantId, ofTenant + 1);
    const playback = hashOf(viewer.playbackId);
    const { all, fresh } = this.of(playback);
    this.#byPlayback.set(playback, { all: all + 1, fresh: before.viewers.has(name) ? fresh : fresh + 1 });
    return true;
  }

  /** @param playback hash of a playback id */
  of(playback: number): { readonly all: number; readonly fresh: number } {
    return this.#byPlayback.get(playback) ?? NO_VIEWERS;
  }
}

const NO_VIEWERS = { all: 0, fresh: 0 };

export class ViewerCount {
  #current = new HalfWindow();
  #before = new HalfWindow();
  #startedAtMs = 0;

  /**
   * Notes a viewer that was served.
   *
   * @param name what `viewerNumber` says of it: worked out once for a viewer that is noted often
   * @returns whether it is the first time in this half of the window
   */
  note(viewer: Viewer, nowMs: number, name = viewerNumber(viewer)): boolean {
    this.#turn(nowMs);
    return this.#current.add(viewer, name, this.#before);
  }

  /** Whether a viewer is among those of the last half to whole window. */
  has(viewer: NamedViewer, nowMs: number): boolean {
    this.#turn(nowMs);
    const name = viewerNumber(viewer);
    return this.#current.viewers.has(name) || this.#before.viewers.has(name);
  }

  /** The viewers of the last half to whole window. */
  count(nowMs: number): number {
    this.#turn(nowMs);
    const { viewers } = this.#current;
    let count = viewers.size;
    for (const name of this.#before.viewers) if (!viewers.has(name)) count++;
    return count;
  }

  /** Those of one playback id, likewise. */
  countOf(playbackId: string, nowMs: number): number {
    this.#turn(nowMs);
    const playback = hashOf(playbackId);
    return this.#before.of(playback).all + this.#current.of(playback).fresh;
  }

  /** The window moves by halves, so that nothing but its hash is kept for a viewer. */
  #turn(nowMs: number): void {
    const age = nowMs - this.#startedAtMs;
    if (age < WINDOW_MS / 2) return;
    this.#before = age < WINDOW_MS ? this.#current : new HalfWindow();
    this.#current = new HalfWindow();
    this.#startedAtMs = nowMs;
  }
}

type NamedViewer = Pick<Viewer, 'playbackId' | 'tokenId' | 'address' | 'userAgent'>;

/** A viewer's name, the same in every process: made of numbers, so that nothing a peer wrote is kept. */
export const viewerName = (viewer: NamedViewer): string => viewerNumber(viewer).toString(NAME_BASE);

/** The same as a number. */
export const viewerNumber = (viewer: NamedViewer): number => hashOf(nameOf(viewer));

const nameOf = ({ playbackId, tokenId, address, userAgent }: NamedViewer): string =>
  tokenId === undefined
    ? `${address} ${playbackId} ${userAgent.slice(0, USER_AGENT_LENGTH)}`
    : `token ${playbackId} ${tokenId}`;

const hashOf = (text: string): number => hash('sha256', text, 'buffer').readUIntBE(0, HASH_BYTES);
