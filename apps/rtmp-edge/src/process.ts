// An edge as a process of its own.
import { edgeParts } from '@millrace/ingest';
import type { RtmpEdgePorts } from './ingest/rtmp-listeners.ts';
import { RtmpEdgeModule } from './rtmp-edge.module.ts';
import { RtmpEdgeService } from './rtmp-edge.service.ts';
import type { RtmpEdgeProcessSettings } from './settings.ts';

export const rtmpEdgeParts = edgeParts<RtmpEdgeProcessSettings, RtmpEdgePorts>({
  service: 'rtmp-edge',
  module: (options) => RtmpEdgeModule.register(options),
  edge: RtmpEdgeService,
});
