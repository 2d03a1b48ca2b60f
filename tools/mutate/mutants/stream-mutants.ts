// What keeps frames whole and in order, and two packagers or publishers from both having a stream, removed piece by piece.
import type { Mutant } from '../mutant.ts';

const FRAME_ORDER = 'libs/frame-bus/src/order/frame-order.ts';
const PUBLISH_ORDER = 'libs/frame-bus/src/order/publish-order.ts';
const GATE = 'libs/frame-bus/src/order/keyframe-gate.ts';
const PARTS = 'libs/frame-bus/src/wire/part-assembler.ts';
const MEMORY_LEASES = 'libs/live-store/src/memory/memory-leases.ts';
const REDIS_LEASES = 'libs/live-store/src/redis/scripts/lease-scripts.ts';
const REDIS_COMMIT = 'libs/live-store/src/redis/scripts/playlist-scripts.ts';
const MEMORY_CLAIMS = 'libs/live-store/src/memory/memory-publications.ts';
const REDIS_CLAIMS = 'libs/live-store/src/redis/scripts/publication-scripts.ts';
const LEASE_KEEPER = 'apps/packager/src/packaging/lease-keeper.ts';
const SEGMENTER = 'apps/packager/src/packaging/segmenter.ts';
const CUT_DECISION = 'apps/packager/src/packaging/cut-decision.ts';

const MEMORY_STREAM = 'libs/frame-bus/src/memory/memory-stream.ts';
const MEMORY_SUBSCRIPTION = 'libs/frame-bus/src/memory/memory-subscription.ts';
const PACKAGING_RUN = 'apps/packager/src/packaging/packaging-run.ts';

const PAYLOAD_SPECS = ['libs/frame-bus/src/memory/payload-memory.spec.ts'];
const FRAME_ORDER_SPECS = ['libs/frame-bus/src/order/frame-order.spec.ts'];
const MEMORY_BUS_SPECS = ['libs/frame-bus/src/frame-bus.memory.spec.ts'];
const WIRE_SPECS = ['libs/frame-bus/src/wire/frame-wire.spec.ts'];
const MEMORY_STORE_SPECS = ['libs/live-store/src/live-store.memory.spec.ts'];
const REDIS_STORE_SPECS = ['libs/live-store/src/live-store.redis.spec.ts'];
const SEGMENTER_SPECS = [
  'apps/packager/src/packaging/segmenter.spec.ts',
  'apps/packager/src/packaging/bad-hls.spec.ts',
];

export const STREAM_MUTANTS: readonly Mutant[] = [
  {
    name: 'payload-that-a-reader-has-is-freed',
    file: MEMORY_STREAM,
    find: 'if (subscription.holds(index)) return true;',
    replace: 'if (subscription.holds(index)) return false;',
    specs: PAYLOAD_SPECS,
  },
  {
    name: 'payload-that-a-reader-had-is-freed-when-it-leaves',
    file: MEMORY_STREAM,
    find: 'if (index < this.#escapedEnd) return true;',
    replace: '',
    specs: PAYLOAD_SPECS,
  },
  {
    name: 'payload-of-another-publisher-is-freed',
    file: MEMORY_STREAM,
    find: 'frame.epoch !== this.#memoryEpoch || ',
    replace: '',
    specs: PAYLOAD_SPECS,
  },
  {
    name: 'payload-of-a-configuration-is-freed',
    file: MEMORY_STREAM,
    find: ' || isConfiguration(frame)) return;',
    replace: ') return;',
    specs: PAYLOAD_SPECS,
  },
  {
    name: 'reader-has-released-one-frame-too-many',
    file: MEMORY_SUBSCRIPTION,
    find: 'index >= this.#held && ',
    replace: 'index > this.#held && ',
    specs: PAYLOAD_SPECS,
  },
  {
    name: 'packager-releases-what-it-has-not-muxed',
    file: PACKAGING_RUN,
    find: 'this.#subscription?.release(committed.playlist.head.position);',
    replace: 'this.#subscription?.release(this.#behind());',
    specs: ['apps/packager/src/packager.memory.spec.ts'],
  },
  {
    name: 'frame-gap-is-not-seen',
    file: FRAME_ORDER,
    find: "if (sequence > this.#sequence) return 'gap';",
    replace: "if (sequence > this.#sequence) return 'next';",
    specs: FRAME_ORDER_SPECS,
  },
  {
    name: 'frame-of-an-older-epoch-is-given',
    file: FRAME_ORDER,
    find: "if (epoch < this.#epoch) return 'repeat';",
    replace: "if (epoch < this.#epoch) return 'gap';",
    specs: FRAME_ORDER_SPECS,
  },
  {
    name: 'frame-gap-between-epochs-is-not-seen',
    file: FRAME_ORDER,
    find: "sequence === 1 && this.#whole ? 'next' : 'gap'",
    replace: "sequence === 1 ? 'next' : 'gap'",
    specs: FRAME_ORDER_SPECS,
  },
  {
    name: 'publisher-repeats-a-frame',
    file: PUBLISH_ORDER,
    find: 'if (!(frame.sequence > this.#last))',
    replace: 'if (false)',
    specs: MEMORY_BUS_SPECS,
  },
  {
    name: 'publisher-sends-a-frame-of-any-size',
    file: PUBLISH_ORDER,
    find: 'if (frame.payload.byteLength > this.#maxFrameBytes)',
    replace: 'if (false)',
    specs: MEMORY_BUS_SPECS,
  },
  {
    name: 'keyframe-gate-lets-any-frame-pass',
    file: GATE,
    find: 'return isRandomAccess(frame) ? [...run, frame] : [];',
    replace: 'return [...run, frame];',
    specs: ['libs/frame-bus/src/order/keyframe-gate.spec.ts'],
  },
  {
    name: 'frame-parts-unlimited',
    file: PARTS,
    find: 'if (this.#bytes > this.#maxFrameBytes) {',
    replace: 'if (false) {',
    specs: WIRE_SPECS,
  },
  {
    name: 'frame-parts-of-two-frames-are-one',
    file: PARTS,
    find: '      reader.sequence === this.#sequence &&\n',
    replace: '',
    specs: WIRE_SPECS,
  },
  {
    name: 'lease-is-taken-while-it-is-held-in-memory',
    file: MEMORY_LEASES,
    find: '    if (last?.untilMs !== undefined && last.untilMs > now) return undefined;\n',
    replace: '',
    specs: MEMORY_STORE_SPECS,
  },
  {
    name: 'lease-of-an-older-token-counts-in-memory',
    file: MEMORY_LEASES,
    find: 'record?.token === lease.token && record.untilMs !== undefined',
    replace: 'record?.untilMs !== undefined',
    specs: MEMORY_STORE_SPECS,
  },
  {
    name: 'lease-token-does-not-grow-in-memory',
    file: MEMORY_LEASES,
    find: 'Math.max((last?.token ?? 0) + 1, now)',
    replace: 'now',
    specs: MEMORY_STORE_SPECS,
  },
  {
    name: 'lease-token-does-not-grow-in-redis',
    file: REDIS_LEASES,
    find: 'math.max((tonumber(token) or 0) + 1, now)',
    replace: 'now',
    specs: REDIS_STORE_SPECS,
  },
  {
    name: 'lease-is-taken-while-it-is-held-in-redis',
    file: REDIS_LEASES,
    find: 'if token and tonumber(untilMs) > now then',
    replace: 'if false then',
    specs: REDIS_STORE_SPECS,
  },
  {
    name: 'commit-under-an-old-lease-in-redis',
    file: REDIS_LEASES,
    find: "if token ~= ARGV[1] or untilMs == '0' then",
    replace: 'if false then',
    specs: REDIS_STORE_SPECS,
  },
  {
    name: 'commit-of-a-number-that-is-taken-in-redis',
    file: REDIS_COMMIT,
    find: 'elseif head[1] ~= ARGV[2] then',
    replace: 'elseif false then',
    specs: REDIS_STORE_SPECS,
  },
  {
    name: 'claim-of-an-older-epoch-is-renewed-in-memory',
    file: MEMORY_CLAIMS,
    find: 'if (session.epoch > claim.epoch) {',
    replace: 'if (false) {',
    specs: MEMORY_STORE_SPECS,
  },
  {
    name: 'a-silent-standby-is-promoted-in-redis',
    file: REDIS_CLAIMS,
    find: "local cause = ready == '1' and causeOf(",
    replace: 'local cause = causeOf(',
    specs: REDIS_STORE_SPECS,
  },
  {
    name: 'a-second-encoder-waits-in-redis',
    file: REDIS_CLAIMS,
    find: "if other[1] and tonumber(other[2]) < tonumber(ARGV[16]) and ARGV[6] == 'refuse' then",
    replace: 'if false then',
    specs: REDIS_STORE_SPECS,
  },
  {
    name: 'claim-of-an-older-epoch-is-renewed-in-redis',
    file: REDIS_CLAIMS,
    find: 'if tonumber(known[1]) > tonumber(claim[2]) then',
    replace: 'if false then',
    specs: REDIS_STORE_SPECS,
  },
  {
    name: 'claims-beyond-the-quota-in-redis',
    file: REDIS_CLAIMS,
    find: 'if not resumed and not hasRoom(keys[2], stream, ARGV[5]) then',
    replace: 'if false then',
    specs: REDIS_STORE_SPECS,
  },
  {
    name: 'lease-that-could-not-be-renewed-is-held-on-to',
    file: LEASE_KEEPER,
    find: 'for (const entry of asked) if (entry.heldUntilMs <= nowMs) this.#lose(entry);',
    replace: 'void nowMs;',
    specs: ['apps/packager/src/packaging/lease-keeper.spec.ts'],
  },
  {
    name: 'segmenter-stops-without-a-discontinuity',
    file: SEGMENTER,
    find: 'const start = { position: next, discontinuity: true, awaitsKeyframe: false };',
    replace: 'const start = { position: next, discontinuity: false, awaitsKeyframe: false };',
    specs: SEGMENTER_SPECS,
  },
  {
    name: 'segmenter-changes-the-program-without-a-discontinuity',
    file: SEGMENTER,
    find: 'const discontinuity = breaks || tracks !== state.tracks;',
    replace: 'const discontinuity = breaks;',
    specs: SEGMENTER_SPECS,
  },
  {
    name: 'segmenter-keeps-the-timeline-over-a-jump',
    file: SEGMENTER,
    find: "const breaks = jumps || decided === 'timeline';",
    replace: 'const breaks = false;',
    specs: SEGMENTER_SPECS,
  },
  {
    name: 'segment-lasts-until-a-pause-is-over',
    file: CUT_DECISION,
    find: "return isBridged(open, frame, step, limits) ? 'duration' : 'timeline';",
    replace: "return 'duration';",
    specs: ['apps/packager/src/packaging/encoder-pauses.spec.ts'],
  },
];
