// Every limit of the NATS adapter, by name, with its default.

const KiB = 1024;
const MiB = 1024 * KiB;

export const NATS_FRAME_BUS_DEFAULTS = {
  /**
   * How many streams of frames there are. Every service of a cluster must use the same number. Each is one more queue in
   * the server: one is cheapest, more spread some hundred live streams over more cores.
   */
  shards: 1,
  /** The most that the stream of one shard holds, in bytes of the server's memory; the oldest messages go first. */
  maxBytesPerShard: 512 * MiB,
  /** How many servers of a NATS cluster keep each stream. Every service must use the same number; 1 outside of a cluster. */
  replicas: 1,
  /** How long the stream of a shard holds a message, in milliseconds. */
  maxAgeMs: 60_000,

  /** How long the first frame of a batch waits for others, in milliseconds. */
  batchWaitMs: 25,
  /**
   * From this many streams on, batches of all leave together. With fewer, a picture takes what waits with it at once, unless the batch before left within
   * `batchWaitMs`: pictures come about as rarely, and then nothing has to be woken for.
   */
  batchTogetherFrom: 8,
  /** A batch leaves when it has this many bytes. */
  batchBytes: 64 * KiB,
  /** The largest payload of a frame, in bytes: the most that RTMP can announce. */
  maxFrameBytes: 16 * MiB,

  /** `publish` returns false while more than this many bytes of its publisher are unconfirmed. */
  maxInflightBytes: 8 * MiB,
  /**
   * The most of confirmed frames that one publisher keeps, in bytes. With unconfirmed ones it may be `maxFrameBytes` more;
   * beyond that, frames are dropped, which happens only to publishers that go on after `publish` has returned false.
   */
  retainBytes: 16 * MiB,
  /**
   * The most that all publishers keep together, in bytes. Beyond it the oldest confirmed frames go, of those tenants and
   * streams that keep most; from a quarter of it on, publishers with more than a fair share of what is unconfirmed wait.
   */
  retainedBytes: 384 * MiB,
  /** An acknowledgement is asked for after this many bytes at the latest, and with every keyframe. */
  ackBytes: 1 * MiB,
  /** An acknowledgement is asked for after this time at the latest, in milliseconds. */
  ackIntervalMs: 1_000,
  /** What is not acknowledged after this time is sent again, in milliseconds. */
  ackTimeoutMs: 5_000,
  /** A log that has taken nothing for this time is stuck, and no new publisher should be accepted, in milliseconds. */
  stuckAfterMs: 5_000,
  /** A closed publisher keeps frames that no mark covers for this time, in milliseconds: NATS may lose its memory. */
  lingerMs: 30_000,
  /** The most that all closed publishers keep together, in bytes. */
  lingerBytes: 64 * MiB,
  /** The most that is handed to the connection before the server has answered, in bytes. */
  sendWindowBytes: 4 * MiB,
  /** How often the server is asked whether it has read so far, in bytes. */
  sendProbeBytes: 256 * KiB,

  /** How long a subscriber waits for missing frames before it is told that they are gone, in milliseconds. */
  gapWaitMs: 2_000,
  /** How often it looks for them, in milliseconds. */
  gapPollMs: 100,
  /** After the end of the log was reached, it is looked at once more after this time, in milliseconds. */
  settleMs: 40,
  /** The most that is held of the live feed while the log is read, in bytes; beyond it, it is read from the log too. */
  maxHeldBytes: 4 * MiB,
  /** How many messages of the log are asked for at once. */
  readBatchMessages: 64,
  /** How far back the newest keyframe is looked for at first, in milliseconds; the whole log comes after that. */
  keyframeSearchMs: 12_000,

  /** How long the first connection may take, in milliseconds. */
  connectTimeoutMs: 10_000,
  /** How long who does not make the streams waits for them, the first time, in milliseconds. */
  streamsTimeoutMs: 60_000,
  /** The pause between attempts to connect, in milliseconds. */
  reconnectWaitMs: 250,
  /** The longest wait for an answer of the server, in milliseconds. */
  requestTimeoutMs: 5_000,
  /** A commit mark that the disk of the server has not confirmed after this time is kept in its memory, in milliseconds. */
  markTimeoutMs: 2_000,
  /** How often such a disk is tried again, in milliseconds. */
  marksRetryMs: 2_000,
  /** How often the connection is checked when it is quiet, in milliseconds. Two missed answers end it. */
  pingIntervalMs: 5_000,
  /** How long `close` of the bus waits for what is unconfirmed, in milliseconds. */
  closeTimeoutMs: 2_000,
} as const;

export type NatsFrameBusLimits = { readonly [K in keyof typeof NATS_FRAME_BUS_DEFAULTS]: number };

/** Takes the limits that are given and the defaults for the others. */
export function completeLimits(given: Partial<NatsFrameBusLimits>): NatsFrameBusLimits {
  const limits: { -readonly [K in keyof NatsFrameBusLimits]: number } = { ...NATS_FRAME_BUS_DEFAULTS };
  for (const name of Object.keys(NATS_FRAME_BUS_DEFAULTS) as (keyof NatsFrameBusLimits)[])
    limits[name] = given[name] ?? limits[name];
  return limits;
}
