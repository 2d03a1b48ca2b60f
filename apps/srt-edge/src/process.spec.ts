// The edge as a process of its own, over a real NATS and a real Redis.
import { describeEdgeProcess } from '@millrace/ingest/testing';
import { srtEdgeParts } from './process.ts';
import { srtEdgeProcessSettings } from './settings.ts';
import { TestEncoder } from './testing/test-encoder.ts';

describeEdgeProcess({
  service: 'srt-edge',
  parts: srtEdgeParts,
  settings: srtEdgeProcessSettings,
  environment: {
    MILLRACE_SRT_HOST: '127.0.0.1',
    MILLRACE_SRT_PORT: '0',
    MILLRACE_SRT_LATENCY_MS: '20',
    MILLRACE_SRT_TRACK_WAIT_MS: '0',
    MILLRACE_SRT_DRAIN_MS: '0',
    MILLRACE_SRT_DRAIN_SPREAD_MS: '0',
  },
  publish: ({ srt: port }, key) => TestEncoder.connect(port, `publish:${key}`),
});
