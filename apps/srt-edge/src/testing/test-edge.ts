// A whole edge on a free port of the loopback, with everything else in memory.
import type { EdgeOptions } from '@millrace/ingest';
import { EdgeInMemory } from '@millrace/ingest/testing';
import type { EdgeInMemoryOptions } from '@millrace/ingest/testing';
import type { SrtEdgePorts } from '../session/srt-port.ts';
import { srtEdgeSettings } from '../settings.ts';
import type { SrtEdgeSettings } from '../settings.ts';
import { SrtEdgeModule } from '../srt-edge.module.ts';
import { SrtEdgeService } from '../srt-edge.service.ts';

const FREE = { srtHost: '127.0.0.1', srtPort: 0, srtDrainMs: 0, srtDrainSpreadMs: 0 };

export class TestEdge extends EdgeInMemory<SrtEdgeSettings, SrtEdgePorts, SrtEdgeService> {
  static start(options: EdgeInMemoryOptions<SrtEdgeSettings> = {}): Promise<TestEdge> {
    const kind = {
      service: 'srt-edge',
      module: (given: EdgeOptions<SrtEdgeSettings>) => SrtEdgeModule.register(given),
      edge: SrtEdgeService,
      settings: { ...srtEdgeSettings.parse({}), ...FREE },
    };
    return new TestEdge(kind, options).started();
  }
}
