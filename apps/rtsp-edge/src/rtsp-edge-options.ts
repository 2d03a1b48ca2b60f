// What the edge is given, and the injection tokens of its own. It opens nothing of what it is given, and closes nothing of it.
import type { IngestOptions } from '@millrace/ingest';
import type { RtspEdgeSettings } from './settings.ts';

export interface RtspEdgeOptions extends Omit<IngestOptions, 'settings'> {
  readonly settings: RtspEdgeSettings;
}

export const RTSP_EDGE_SETTINGS = Symbol('RtspEdgeSettings');
/** The certificate of RTSPS; undefined without RTSPS. */
export const RTSPS_CERTIFICATE = Symbol('RtspsCertificate');
