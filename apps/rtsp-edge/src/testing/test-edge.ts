// A whole edge on free ports of the loopback, with everything else in memory.
import { EdgeInMemory } from '@millrace/ingest/testing';
import type { EdgeInMemoryOptions } from '@millrace/ingest/testing';
import type { RtspEdgeOptions } from '../rtsp-edge-options.ts';
import { RtspEdgeModule } from '../rtsp-edge.module.ts';
import { RtspEdgeService } from '../rtsp-edge.service.ts';
import type { RtspEdgePorts } from '../session/rtsp-listeners.ts';
import { rtspEdgeSettings } from '../settings.ts';
import type { RtspEdgeSettings } from '../settings.ts';

const FREE = { rtspHost: '127.0.0.1', rtspPort: 0, rtspsPort: 0, rtspDrainMs: 0, rtspDrainSpreadMs: 0 };

export class TestEdge extends EdgeInMemory<RtspEdgeSettings, RtspEdgePorts, RtspEdgeService> {
  static start(options: EdgeInMemoryOptions<RtspEdgeSettings> = {}): Promise<TestEdge> {
    const kind = {
      service: 'rtsp-edge',
      module: (given: RtspEdgeOptions) => RtspEdgeModule.register(given),
      edge: RtspEdgeService,
      settings: { ...rtspEdgeSettings.parse({}), ...FREE },
    };
    return new TestEdge(kind, options).started();
  }
}
