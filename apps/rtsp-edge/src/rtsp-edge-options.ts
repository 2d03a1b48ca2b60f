// What the edge is given, and the injection tokens of its own. It opens nothing of what it is given, and closes nothing of it.
import type { EdgeOptions } from '@millrace/ingest';
import type { RtspEdgeSettings } from './settings.ts';

export type RtspEdgeOptions = EdgeOptions<RtspEdgeSettings>;

export const RTSP_EDGE_SETTINGS = Symbol('RtspEdgeSettings');
/** The certificate of RTSPS; undefined without RTSPS. */
export const RTSPS_CERTIFICATE = Symbol('RtspsCertificate');
