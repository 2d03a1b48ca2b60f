// An edge as a process of its own.
import { edgeParts } from '@millrace/ingest';
import { RtspEdgeModule } from './rtsp-edge.module.ts';
import { RtspEdgeService } from './rtsp-edge.service.ts';
import type { RtspEdgePorts } from './session/rtsp-listeners.ts';
import type { RtspEdgeProcessSettings } from './settings.ts';

export const rtspEdgeParts = edgeParts<RtspEdgeProcessSettings, RtspEdgePorts>({
  service: 'rtsp-edge',
  module: (options) => RtspEdgeModule.register(options),
  edge: RtspEdgeService,
});
