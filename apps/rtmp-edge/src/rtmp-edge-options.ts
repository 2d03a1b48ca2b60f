// What the edge is given, and the injection tokens of its own. It opens nothing of what it is given, and closes nothing of it.
import type { EdgeOptions } from '@millrace/ingest';
import type { RtmpEdgeSettings } from './settings.ts';

export type RtmpEdgeOptions = EdgeOptions<RtmpEdgeSettings>;

export const RTMP_EDGE_SETTINGS = Symbol('RtmpEdgeSettings');
/** The certificate of RTMPS; undefined without RTMPS. */
export const RTMPS_CERTIFICATE = Symbol('RtmpsCertificate');
