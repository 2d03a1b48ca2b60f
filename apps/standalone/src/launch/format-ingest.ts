// What a start tells about ingest: where encoders can reach it.
import type { RtmpEdgePorts } from '@millrace/rtmp-edge';

const ALL: Readonly<Record<string, string>> = {
  '::': 'every address of this machine, IPv4 and IPv6',
  '0.0.0.0': 'every IPv4 address of this machine',
};

/** A line for people. */
export function formatIngest({ address, rtmp, rtmps }: RtmpEdgePorts): string[] {
  const host = ALL[address] ?? address;
  return [`  RTMP           ${host}, port ${rtmp}${rtmps === undefined ? '' : ` and ${rtmps} (RTMPS)`}`];
}
