// What bounds an RTMP peer, removed piece by piece.
import type { Mutant } from '../mutant.ts';

const CONNECTION = 'apps/rtmp-edge/src/ingest/rtmp-connection.ts';
const SESSION = 'libs/protocol/src/rtmp/session/server-session.ts';
const RESPONDER = 'libs/protocol/src/rtmp/session/control-responder.ts';
const ACKNOWLEDGER = 'libs/protocol/src/rtmp/session/acknowledger.ts';
const DECODER = 'libs/protocol/src/rtmp/chunk/chunk-decoder.ts';
const CHUNK_STREAMS = 'libs/protocol/src/rtmp/chunk/chunk-stream-table.ts';

const HOSTILE = ['apps/rtmp-edge/src/ingest/hostile-peers.spec.ts'];
const SESSION_SPECS = [
  'libs/protocol/src/rtmp/session/server-session.spec.ts',
  'libs/protocol/src/rtmp/session/session-bad-input.spec.ts',
];
const DECODER_SPECS = ['libs/protocol/src/rtmp/chunk/chunk-bad-input.spec.ts'];

const MEDIA_MEMORY = 'libs/protocol/src/rtmp/chunk/media-memory.ts';
const MEDIA_MEMORY_SPECS = ['libs/protocol/src/rtmp/chunk/media-memory.spec.ts'];

export const RTMP_MUTANTS: readonly Mutant[] = [
  {
    name: 'slab-is-used-again-before-all-of-it-is-freed',
    file: MEDIA_MEMORY,
    find: 'if (slab !== this.#current && slab.freed === slab.starts.length) this.#recycle(slab);',
    replace: 'if (slab !== this.#current) this.#recycle(slab);',
    specs: MEDIA_MEMORY_SPECS,
  },
  {
    name: 'slab-of-a-message-that-was-kept-twice-is-used-again',
    file: MEDIA_MEMORY,
    find: 'if (index < 0 || slab.fates[index] !== RESERVED) this.#share(slab);',
    replace: 'if (index < 0) this.#share(slab);',
    specs: MEDIA_MEMORY_SPECS,
  },
  {
    name: 'slab-of-a-message-that-was-freed-unkept-is-used-again',
    file: MEDIA_MEMORY,
    find: 'if (index < 0 || slab.fates[index] !== KEPT) return this.#share(slab);',
    replace: 'if (index < 0) return this.#share(slab);',
    specs: MEDIA_MEMORY_SPECS,
  },
  {
    name: 'tracks-of-a-message-share-its-memory',
    file: 'apps/rtmp-edge/src/media/carried-tracks.ts',
    find: 'if (tracks.length < 2) return tracks;',
    replace: 'return tracks;',
    specs: ['apps/rtmp-edge/src/media/split-messages.spec.ts'],
  },
  {
    name: 'rtmp-unsent-bytes-unlimited',
    file: CONNECTION,
    find: 'if (this.#player === undefined && socket.unsentBytes > this.#context.settings.maxUnsentBytes) {',
    replace: 'if (false) {',
    specs: HOSTILE,
  },
  {
    name: 'rtmp-decodes-after-close',
    file: SESSION,
    find: '    if (this.#closed) return;\n    this.#acknowledger.received += input.length;',
    replace: '    this.#acknowledger.received += input.length;',
    specs: SESSION_SPECS,
  },
  {
    name: 'rtmp-decodes-behind-the-message-that-closes',
    file: SESSION,
    find: '    this.#decoder.stop();\n',
    replace: '',
    specs: SESSION_SPECS,
  },
  {
    name: 'rtmp-setup-bytes-unlimited',
    file: CONNECTION,
    find: "        this.#limit('setup_bytes');",
    replace: '        return;',
    specs: HOSTILE,
  },
  {
    name: 'rtmp-early-bytes-unlimited',
    file: CONNECTION,
    find: "    if (this.#session.heldBytes > this.#context.settings.earlyBytes) return this.#limit('early_bytes');\n",
    replace: '',
    specs: ['apps/rtmp-edge/src/ingest/early-media.spec.ts'],
  },
  {
    name: 'rtmp-no-back-pressure',
    file: CONNECTION,
    find: 'this.#context.metrics.backpressure.inc();\n      this.#pause();',
    replace: 'this.#context.metrics.backpressure.inc();',
    specs: ['apps/rtmp-edge/src/ingest/publishing.spec.ts'],
  },
  {
    name: 'rtmp-grants-while-draining',
    file: CONNECTION,
    find: 'if (draining || !this.#session.acceptPublish(request)) {',
    replace: 'if (!this.#session.acceptPublish(request)) {',
    specs: ['apps/rtmp-edge/src/ingest/drain.spec.ts'],
  },
  {
    name: 'rtmp-claim-is-kept-without-a-publisher',
    file: CONNECTION,
    find: '      publishes.release(claim);\n      if (draining)',
    replace: '      if (draining)',
    specs: HOSTILE,
  },
  {
    name: 'rtmp-commands-unlimited',
    file: SESSION,
    find: 'if (!this.#commandRate.take()) {',
    replace: 'if (false) {',
    specs: SESSION_SPECS,
  },
  {
    name: 'rtmp-message-size-before-publish-unlimited',
    file: SESSION,
    find: ': Math.min(chunks.maxMessageBytes, maxMessageBytesBeforeActive);',
    replace: ': chunks.maxMessageBytes;',
    specs: SESSION_SPECS,
  },
  {
    name: 'rtmp-answers-every-ping',
    file: RESPONDER,
    find: "    if (!this.#replies.take()) return false;\n    this.#sender.userControl({ event: 'pingResponse'",
    replace: "    this.#sender.userControl({ event: 'pingResponse'",
    specs: SESSION_SPECS,
  },
  {
    name: 'rtmp-answers-every-bandwidth-message',
    file: RESPONDER,
    find: '    if (!this.#replies.take()) return false;\n    this.#ownWindow = window;',
    replace: '    this.#ownWindow = window;',
    specs: [...SESSION_SPECS, 'libs/protocol/src/rtmp/session/windows.spec.ts'],
  },
  {
    name: 'rtmp-acknowledges-every-byte-when-asked',
    file: ACKNOWLEDGER,
    find: 'this.#window = Math.max(size, this.#minBytes);',
    replace: 'this.#window = size;',
    specs: [...SESSION_SPECS, 'libs/protocol/src/rtmp/session/windows.spec.ts'],
  },
  {
    name: 'rtmp-chunk-message-length-unlimited',
    file: DECODER,
    find: 'if (length > this.limits.maxMessageBytes) {',
    replace: 'if (false) {',
    specs: DECODER_SPECS,
  },
  {
    name: 'rtmp-chunk-unassembled-unlimited',
    file: DECODER,
    find: 'if (this.#unassembled + length > this.limits.maxUnassembledBytes) {',
    replace: 'if (false) {',
    specs: DECODER_SPECS,
  },
  {
    name: 'rtmp-chunk-complete-messages-count-as-unassembled',
    file: DECODER,
    find: '    this.#unassembled -= stream.length;\n',
    replace: '',
    specs: ['libs/protocol/src/rtmp/chunk/chunk-decoder.spec.ts', ...DECODER_SPECS],
  },
  {
    name: 'rtmp-chunk-size-unchecked',
    file: DECODER,
    find: 'if (wanted < this.limits.minChunkSize || wanted > this.limits.maxChunkSize) {',
    replace: 'if (false) {',
    specs: DECODER_SPECS,
  },
  {
    name: 'rtmp-chunk-streams-unlimited',
    file: CHUNK_STREAMS,
    find: 'if (this.#opened >= max) {',
    replace: 'if (false) {',
    specs: DECODER_SPECS,
  },
];
