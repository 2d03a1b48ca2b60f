// A whole edge on free ports of the loopback, with everything else in memory.
import { createHash } from 'node:crypto';
import type { PublishLogin } from '@millrace/control';
import { EdgeInMemory } from '@millrace/ingest/testing';
import type { EdgeInMemoryOptions } from '@millrace/ingest/testing';
import type { RtspEdgeOptions } from '../rtsp-edge-options.ts';
import { RtspEdgeModule } from '../rtsp-edge.module.ts';
import { RtspEdgeService } from '../rtsp-edge.service.ts';
import type { RtspEdgePorts } from '../session/rtsp-listeners.ts';
import { rtspEdgeSettings } from '../settings.ts';
import type { RtspEdgeSettings } from '../settings.ts';

/** RFC 7616 section 3.4.1, written apart from the code under test. */
function checkDigest({ digest, opaque, response }: PublishLogin, key: string): boolean {
  if (digest === undefined) return false;
  const { algorithm, username, realm, method, uri, counted } = digest;
  const hash = (...parts: string[]) =>
    createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
      .update(parts.join(':'))
      .digest('hex');
  const more = counted === undefined ? [] : [counted.nc, counted.cnonce, 'auth'];
  return response === hash(hash(username, realm, key), opaque, ...more, hash(method, uri));
}

const FREE = { rtspHost: '127.0.0.1', rtspPort: 0, rtspsPort: 0, rtspDrainMs: 0, rtspDrainSpreadMs: 0 };

export class TestEdge extends EdgeInMemory<RtspEdgeSettings, RtspEdgePorts, RtspEdgeService> {
  static start(options: EdgeInMemoryOptions<RtspEdgeSettings> = {}): Promise<TestEdge> {
    const kind = {
      service: 'rtsp-edge',
      module: (given: RtspEdgeOptions) => RtspEdgeModule.register(given),
      edge: RtspEdgeService,
      checkLogin: checkDigest,
      settings: { ...rtspEdgeSettings.parse({}), ...FREE },
    };
    return new TestEdge(kind, options).started();
  }
}
