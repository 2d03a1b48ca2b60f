// A whole edge on free ports of the loopback, with everything else in memory.
import { EdgeInMemory } from '@millrace/ingest/testing';
import type { EdgeInMemoryOptions } from '@millrace/ingest/testing';
import { checkAdobeLogin } from './check-adobe-login.ts';
import type { RtmpEdgePorts } from '../ingest/rtmp-listeners.ts';
import type { RtmpEdgeOptions } from '../rtmp-edge-options.ts';
import { RtmpEdgeModule } from '../rtmp-edge.module.ts';
import { RtmpEdgeService } from '../rtmp-edge.service.ts';
import { rtmpEdgeSettings } from '../settings.ts';
import type { RtmpEdgeSettings } from '../settings.ts';

const FREE = { rtmpHost: '127.0.0.1', rtmpPort: 0, rtmpsPort: 0, drainMs: 0, drainSpreadMs: 0 };

export class TestEdge extends EdgeInMemory<RtmpEdgeSettings, RtmpEdgePorts, RtmpEdgeService> {
  static start(options: EdgeInMemoryOptions<RtmpEdgeSettings> = {}): Promise<TestEdge> {
    const kind = {
      service: 'rtmp-edge',
      module: (given: RtmpEdgeOptions) => RtmpEdgeModule.register(given),
      edge: RtmpEdgeService,
      settings: { ...rtmpEdgeSettings.parse({}), ...FREE },
      checkLogin: checkAdobeLogin,
    };
    return new TestEdge(kind, options).started();
  }
}
