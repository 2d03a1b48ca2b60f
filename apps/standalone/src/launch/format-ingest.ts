// What a start tells about ingest: where encoders can reach it.
import type { RtmpEdgePorts } from '@millrace/rtmp-edge';
import type { RtspEdgePorts } from '@millrace/rtsp-edge';
import type { SrtEdgePorts } from '@millrace/srt-edge';

const ALL: Readonly<Record<string, string>> = {
  '::': 'every address of this machine, IPv4 and IPv6',
  '0.0.0.0': 'every IPv4 address of this machine',
};

export interface IngestPorts {
  readonly rtmp: RtmpEdgePorts | undefined;
  readonly rtsp: RtspEdgePorts | undefined;
  readonly srt: SrtEdgePorts | undefined;
}

/** Lines for people. */
export const formatIngest = ({ rtmp, rtsp, srt }: IngestPorts): string[] => [
  ...(rtmp ? [line('RTMP', rtmp.address, rtmp.rtmp, rtmp.rtmps)] : []),
  ...(rtsp ? [line('RTSP', rtsp.address, rtsp.rtsp, rtsp.rtsps)] : []),
  ...(srt ? [line('SRT ', srt.address, srt.srt, undefined)] : []),
];

const line = (protocol: string, address: string, port: number, tlsPort: number | undefined): string =>
  `  ${protocol}           ${ALL[address] ?? address}, port ${port}${tlsPort === undefined ? '' : ` and ${tlsPort} (${protocol}S)`}`;
