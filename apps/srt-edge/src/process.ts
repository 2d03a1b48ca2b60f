// An edge as a process of its own.
import { edgeParts } from '@millrace/ingest';
import type { SrtEdgePorts } from './session/srt-port.ts';
import type { SrtEdgeProcessSettings } from './settings.ts';
import { SrtEdgeModule } from './srt-edge.module.ts';
import { SrtEdgeService } from './srt-edge.service.ts';

export const srtEdgeParts = edgeParts<SrtEdgeProcessSettings, SrtEdgePorts>({
  service: 'srt-edge',
  module: (options) => SrtEdgeModule.register(options),
  edge: SrtEdgeService,
});
