// The edge as a process of its own, over a real NATS and a real Redis.
import { describeEdgeProcess } from '@millrace/ingest/testing';
import { rtmpEdgeParts } from './process.ts';
import { rtmpEdgeProcessSettings } from './settings.ts';
import { interframe, keyframe, videoConfig } from './testing/sample-media.ts';
import { TestClient } from './testing/test-client.ts';

const GROUP = 25;
const PICTURE_MS = 40;

describeEdgeProcess({
  service: 'rtmp-edge',
  parts: rtmpEdgeParts,
  settings: rtmpEdgeProcessSettings,
  environment: {
    MILLRACE_RTMP_HOST: '127.0.0.1',
    MILLRACE_RTMP_PORT: '0',
    MILLRACE_RTMP_TRACK_WAIT_MS: '0',
    MILLRACE_RTMP_DRAIN_MS: '0',
    MILLRACE_RTMP_DRAIN_SPREAD_MS: '0',
  },
  publish: async ({ rtmp: port }, streamName) => {
    const client = await new TestClient({ port, streamName }).untilReady();
    client.session.sendVideo(0, videoConfig());
    return {
      picture: (i) => client.session.sendVideo(i * PICTURE_MS, i % GROUP === 0 ? keyframe(i) : interframe(i)),
      unpublish: () => client.session.unpublish(),
      closed: client.untilClosed().then(() => client.status!.description),
      destroy: () => client.socket.destroy(),
    };
  },
});
