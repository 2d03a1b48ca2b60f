// The simulcast targets of the streams that are published to an edge. They follow the publisher: an encoder that comes back at another
// edge has its targets there, so no two edges send to the same one for longer than a connection takes to end.
import { MAX_SYNCED_STREAMS } from '@millrace/control';
import type { ControlPlane, SimulcastTarget, SyncedStream, TargetsChanged } from '@millrace/control';
import { onSharedBeatWhile } from '@millrace/domain';
import type { PublishClaim, UsageSink, WorkBeat } from '@millrace/domain';
import type { FrameBus } from '@millrace/frame-bus';
import type { LiveStore } from '@millrace/live-store';
import { OutboundAddresses, SharedPlaces } from '@millrace/service-kit';
import type { Logger, Metrics } from '@millrace/service-kit';
import { LiveStreams } from '../live/live-streams.ts';
import { sessionReader } from '../live/session-end-detector.ts';
import { pushOpener } from './push-opener.ts';
import type { OpenedPush, PushRequest } from './push-opener.ts';
import { SimulcastMetrics } from './simulcast-metrics.ts';
import { playoutSettingsOfTargets } from './simulcast-settings.ts';
import type { SimulcastSettings } from './simulcast-settings.ts';
import { TargetPush } from './target-push.ts';

const TICK_MS = 1_000;
/** Changes of state that come together are reported together. */
const GATHER_MS = 50;
/** A stream without targets is asked about so many times less often: it is told of its first one. */
const WITHOUT_TARGETS = 6;
/** How long frames are collected to be written together. */
const MERGE_MS = 20;
/** What usage calls the bytes that targets were sent. */
const USAGE_PROTOCOL = 'simulcast';
/** Why a publisher ends that another one has followed, elsewhere if not here. */
const FOLLOWED: ReadonlySet<string> = new Set(['taken_over', 'switched']);

export interface EdgeSimulcastOptions {
  readonly control: Pick<ControlPlane, 'syncTargets'>;
  readonly frames: FrameBus;
  readonly store: LiveStore;
  readonly metrics: Metrics;
  readonly usage: UsageSink;
  readonly logger: Logger;
  readonly edgeId: string;
  readonly settings: SimulcastSettings;
  /** How long gateways may take to answer, in milliseconds. */
  readonly authorizeMs: number;
}

interface PushedStream {
  /** Of its newest publisher on this edge. */
  claim: PublishClaim;
  /** Of its publishers on this edge: two while one takes over from the other. */
  readonly epochs: Set<number>;
  readonly targets: Map<string, TargetPush>;
  /** Those that have changed, and are connected to anew once their old connections are gone; and what those were sent. */
  readonly stopping: Map<string, Promise<void>>;
  readonly replacedBytes: Map<string, number>;
  /** What gateways know that each target was sent, and what of that was sent before the claim's publisher began. */
  readonly toldBytes: Map<string, number>;
  earlierBytes: Map<string, number>;
  dueAtMs: number;
  isOver: boolean;
}

export class EdgeSimulcast {
  readonly #options: EdgeSimulcastOptions;
  readonly #streams = new Map<string, PushedStream>();
  /** Whose last frames are on their way. */
  readonly #ending = new Map<PushedStream, Promise<void>>();
  readonly #live: LiveStreams;
  readonly #outbound: OutboundAddresses;
  readonly #places: SharedPlaces;
  readonly #metrics: SimulcastMetrics;
  readonly #countedBytes = new WeakMap<TargetPush, number>();
  readonly #openPush: (request: PushRequest) => OpenedPush;
  readonly #stopCounting: () => void;
  #timer: WorkBeat;
  #gathering: NodeJS.Timeout | undefined;
  #isSyncing = false;

  constructor(options: EdgeSimulcastOptions) {
    this.#options = options;
    const { frames, store, metrics, usage, logger, settings } = options;
    this.#live = new LiveStreams({
      frames,
      readSession: sessionReader(store),
      settings: playoutSettingsOfTargets(settings),
      logger,
      mergeMs: MERGE_MS,
      onGap: () => undefined,
    });
    this.#outbound = new OutboundAddresses(
      settings.simulcastAllowedAddresses,
      undefined,
      'MILLRACE_SIMULCAST_ALLOWED_ADDRESSES',
    );
    this.#places = new SharedPlaces({
      max: settings.simulcastMaxTargets,
      maxPerAddress: settings.simulcastMaxTargets,
      maxPerTenant: settings.simulcastMaxTargetsPerTenant,
    });
    this.#openPush = pushOpener(settings);
    this.#metrics = new SimulcastMetrics(metrics, () => this.#states());
    const stopCollecting = metrics.beforeCollect(() => this.#count());
    const stopUsage = usage.beforeCollect(() => this.#count());
    this.#stopCounting = () => {
      stopCollecting();
      stopUsage();
      this.#metrics.stop();
    };
    this.#timer = onSharedBeatWhile(
      TICK_MS,
      () => this.#streams.size > 0,
      () => this.#sync(),
    );
  }

  /** A publisher has begun. */
  began(claim: PublishClaim): void {
    const known = this.#streams.get(claim.streamId);
    if (known !== undefined) return this.#follow(known, claim);
    this.#streams.set(claim.streamId, {
      claim,
      epochs: new Set([claim.epoch]),
      targets: new Map(),
      stopping: new Map(),
      replacedBytes: new Map(),
      toldBytes: new Map(),
      earlierBytes: new Map(),
      dueAtMs: 0,
      isOver: false,
    });
    this.#timer.wake();
    this.#gather();
  }

  /** A publisher is gone. Its targets end once they were sent its last frames, or at once if they are sent to from elsewhere by now. */
  ended({ streamId, epoch }: PublishClaim, reason: string): void {
    const stream = this.#streams.get(streamId);
    if (stream?.epochs.delete(epoch) === true && stream.epochs.size === 0) this.#end(stream, FOLLOWED.has(reason));
  }

  /** A gateway says that the targets of a stream have changed. */
  changed({ streamId }: TargetsChanged): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    stream.dueAtMs = 0;
    this.#gather();
  }

  /** Ends all targets, and tells of them. The last step. */
  async close(): Promise<void> {
    this.#timer.stop();
    for (const { claim, epochs } of [...this.#streams.values()])
      for (const epoch of [...epochs]) this.ended({ ...claim, epoch }, 'draining');
    await Promise.all(this.#ending.values());
    clearTimeout(this.#gathering);
    this.#live.close();
    this.#count();
    this.#stopCounting();
  }

  /** Another publisher takes over at this edge: its targets stay connected, unless what they are allowed to be sent has changed. */
  #follow(stream: PushedStream, claim: PublishClaim): void {
    stream.epochs.add(claim.epoch);
    if (claim.epoch < stream.claim.epoch) return;
    const isOtherwise = isEncrypted(claim) !== isEncrypted(stream.claim);
    stream.claim = claim;
    stream.earlierBytes = new Map(stream.toldBytes);
    if (isOtherwise) for (const targetId of [...stream.targets.keys()]) this.#stop(stream, targetId);
  }

  /** @param isFollowed whether they are sent to from elsewhere by now; it may be seen before this edge is told */
  #end(stream: PushedStream, isFollowed: boolean): void {
    const { streamId } = stream.claim;
    if (stream.isOver) return;
    if (this.#streams.get(streamId) === stream) this.#streams.delete(streamId);
    stream.isOver = true;
    const finished = this.#finish(stream, isFollowed).finally(() => this.#ending.delete(stream));
    this.#ending.set(stream, finished);
  }

  async #finish(stream: PushedStream, isFollowed: boolean): Promise<void> {
    const targets = [...stream.targets.values()];
    const ends = targets.map((target) => (isFollowed ? target.stop() : target.finish()));
    await Promise.all([...ends, ...stream.stopping.values()]);
    this.#count(targets, stream.claim);
    if (targets.length > 0)
      await this.#options.control.syncTargets(
        { edgeId: this.#options.edgeId, streams: [reportOf(stream)] },
        this.#options.authorizeMs,
      );
  }

  #gather(): void {
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      this.#sync();
    }, GATHER_MS);
  }

  #sync(): void {
    if (!this.#isSyncing) void this.#syncDue();
  }

  async #syncDue(): Promise<void> {
    this.#isSyncing = true;
    try {
      for (;;) {
        const nowMs = performance.now();
        const due = [...this.#streams.values()].filter(({ dueAtMs }) => dueAtMs <= nowMs).slice(0, MAX_SYNCED_STREAMS);
        if (due.length === 0) return;
        const { simulcastSyncMs } = this.#options.settings;
        for (const stream of due)
          stream.dueAtMs = nowMs + simulcastSyncMs * (stream.targets.size === 0 ? WITHOUT_TARGETS : 1);
        await this.#ask(due);
      }
    } finally {
      this.#isSyncing = false;
    }
  }

  async #ask(due: readonly PushedStream[]): Promise<void> {
    const { control, edgeId, authorizeMs, settings } = this.#options;
    const streams = due.map(reportOf);
    const totals = due.map(totalsOf);
    const answer = await control.syncTargets({ edgeId, streams }, authorizeMs);
    // What cannot be told now goes on as it is.
    if (answer === undefined) {
      const againAtMs = performance.now() + Math.min(TICK_MS, settings.simulcastSyncMs);
      for (const stream of due) stream.dueAtMs = Math.min(stream.dueAtMs, againAtMs);
    }
    answer?.streams.forEach((targets, i) => {
      const stream = due[i];
      if (stream === undefined) return;
      for (const [targetId, bytes] of totals[i] ?? []) {
        stream.toldBytes.set(targetId, bytes);
        // A publisher that took over meanwhile begins with what was told of the one before.
        if (streams[i]?.epoch !== stream.claim.epoch) stream.earlierBytes.set(targetId, bytes);
      }
      if (targets !== null) this.#apply(stream, targets);
    });
  }

  #apply(stream: PushedStream, wanted: readonly SimulcastTarget[]): void {
    if (stream.isOver) return;
    const versions = new Map(wanted.map(({ targetId, version }) => [targetId, version]));
    for (const [targetId, { target }] of [...stream.targets])
      if (versions.get(targetId) !== target.version) this.#stop(stream, targetId);
    for (const target of wanted) {
      const { targetId } = target;
      if (stream.targets.has(targetId) || stream.stopping.has(targetId)) continue;
      stream.targets.set(targetId, this.#start(stream, target));
    }
  }

  #stop(stream: PushedStream, targetId: string): void {
    const push = stream.targets.get(targetId);
    if (push === undefined) return;
    stream.targets.delete(targetId);
    const stopped = push.stop().then(() => {
      this.#count([push], stream.claim);
      stream.replacedBytes.set(targetId, (stream.replacedBytes.get(targetId) ?? 0) + push.bytes);
      stream.stopping.delete(targetId);
      this.changed(stream.claim);
    });
    stream.stopping.set(targetId, stopped);
  }

  #start(stream: PushedStream, target: SimulcastTarget): TargetPush {
    const { settings, logger } = this.#options;
    const { streamId, tenantId } = stream.claim;
    return new TargetPush({
      target,
      stream: { streamId, tenantId, isEncrypted: isEncrypted(stream.claim) },
      streams: this.#live,
      outbound: this.#outbound,
      settings,
      logger: logger.child({ tenant_id: tenantId, stream_id: streamId, target_id: target.targetId }),
      openPush: this.#openPush,
      isFromHere: (epoch) => epoch <= stream.claim.epoch,
      onFollowed: () => this.#end(stream, true),
      takePlace: () => this.#places.take({ network: target.targetId, tenantId }),
      onChange: () => {
        stream.dueAtMs = 0;
        this.#gather();
      },
      onFault: (code) => this.#metrics.failed(code),
      onSkipped: () => this.#metrics.skipped(),
    });
  }

  #states(): ReturnType<ConstructorParameters<typeof SimulcastMetrics>[1]> {
    return [...this.#streams.values()].flatMap(({ targets }) => [...targets.values()].map(({ state }) => state));
  }

  #count(targets?: readonly TargetPush[], claim?: PublishClaim): void {
    if (targets !== undefined && claim !== undefined) return targets.forEach((push) => this.#countOne(push, claim));
    for (const stream of [...this.#streams.values(), ...this.#ending.keys()])
      for (const push of stream.targets.values()) this.#countOne(push, stream.claim);
  }

  #countOne(push: TargetPush, { tenantId, streamId }: PublishClaim): void {
    const bytes = push.bytes - (this.#countedBytes.get(push) ?? 0);
    if (bytes <= 0) return;
    this.#countedBytes.set(push, push.bytes);
    this.#metrics.sent(bytes);
    this.#options.usage.add({ tenantId, streamId, kind: 'egress_bytes', protocol: USAGE_PROTOCOL }, bytes);
  }
}

const isEncrypted = ({ settings }: PublishClaim): boolean => settings.keyRotationSegments !== undefined;

/** What each target was sent, by all publishers of the stream. */
const totalsOf = ({ targets, replacedBytes }: PushedStream): Map<string, number> =>
  new Map([...targets].map(([targetId, { bytes }]) => [targetId, bytes + (replacedBytes.get(targetId) ?? 0)]));

/** Gateways add up what they are told of each publisher. */
function reportOf(stream: PushedStream): SyncedStream {
  const { claim, isOver, targets, earlierBytes } = stream;
  const totals = totalsOf(stream);
  const bytesOf = (targetId: string): number => (totals.get(targetId) ?? 0) - (earlierBytes.get(targetId) ?? 0);
  return {
    streamId: claim.streamId,
    epoch: claim.epoch,
    isOver,
    targets: [...targets].map(([targetId, { report }]) => ({ ...report, bytes: Math.max(0, bytesOf(targetId)) })),
  };
}
