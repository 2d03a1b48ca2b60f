// The edge as a process of its own, over a real NATS and a real Redis.
import { describeEdgeProcess } from '@millrace/ingest/testing';
import { rtspEdgeParts } from './process.ts';
import { rtspEdgeProcessSettings } from './settings.ts';
import { slice, TestEncoder } from './testing/test-encoder.ts';

const GROUP = 25;
const PICTURE_90K = 3_600;

describeEdgeProcess({
  service: 'rtsp-edge',
  parts: rtspEdgeParts,
  settings: rtspEdgeProcessSettings,
  environment: {
    MILLRACE_RTSP_HOST: '127.0.0.1',
    MILLRACE_RTSP_PORT: '0',
    MILLRACE_RTSP_TRACK_WAIT_MS: '0',
    MILLRACE_RTSP_DRAIN_MS: '0',
    MILLRACE_RTSP_DRAIN_SPREAD_MS: '0',
  },
  publish: async ({ rtsp: port }, key) => {
    const url = `rtsp://127.0.0.1:${port}/live/${key}`;
    const encoder = await new TestEncoder(port).record(url);
    return {
      picture: (i) => encoder.rtp(0, i, i * PICTURE_90K, slice(i % GROUP === 0, i)),
      unpublish: () => encoder.ask('TEARDOWN', url),
      closed: encoder.closed.then(() => undefined),
      destroy: () => encoder.destroy(),
    };
  },
});
