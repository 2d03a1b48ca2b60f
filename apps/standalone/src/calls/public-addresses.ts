// The addresses that people are given, where no setting names them: they follow from what is listened on.
import { isIPv6 } from 'node:net';
import type { LocalAddress } from './call-addresses.ts';

const DEFAULT_PORTS = { http: '8080', rtmp: '1935', rtmps: '1936', rtsp: '8554', srt: '8890' };
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;
const WILDCARDS = ['0.0.0.0', '::'];
/** Anything else is left for the setting's own check to refuse, under its own name. */
const PORT = /^\d{1,5}$/;

/**
 * HTTP on the loopback is reached as `localhost`; on all addresses, by the first address of this machine in a network. Encoders
 * reach RTMP, RTSP and SRT on the host that `MILLRACE_PUBLIC_URL` names.
 */
export function publicAddresses(
  env: Readonly<Record<string, string | undefined>>,
  local: readonly LocalAddress[],
): Record<string, string> {
  const httpHost = env['MILLRACE_HTTP_HOST'] ?? '127.0.0.1';
  const listening = WILDCARDS.includes(httpHost) ? local[0]?.address : httpHost;
  const host = listening === undefined || LOOPBACK.test(listening) ? 'localhost' : listening;
  const publicUrl = env['MILLRACE_PUBLIC_URL'] ?? `http://${inUrl(host)}:${portOf(env['MILLRACE_HTTP_PORT'], 'http')}`;
  const edgeHost = URL.canParse(publicUrl) ? new URL(publicUrl).hostname : host;
  const offersRtmps = (env['MILLRACE_TLS_CERT_FILE'] ?? '') !== '';
  return {
    MILLRACE_PUBLIC_URL: publicUrl,
    MILLRACE_PUBLIC_RTSP_URL: `rtsp://${edgeHost}:${portOf(env['MILLRACE_RTSP_PORT'], 'rtsp')}/live`,
    MILLRACE_PUBLIC_SRT_URL: `srt://${edgeHost}:${portOf(env['MILLRACE_SRT_PORT'], 'srt')}`,
    MILLRACE_PUBLIC_RTMP_URL: `rtmp://${edgeHost}:${portOf(env['MILLRACE_RTMP_PORT'], 'rtmp')}/live`,
    ...(offersRtmps && {
      MILLRACE_PUBLIC_RTMPS_URL: `rtmps://${edgeHost}:${portOf(env['MILLRACE_RTMPS_PORT'], 'rtmps')}/live`,
    }),
  };
}

const inUrl = (host: string): string => (isIPv6(host) ? `[${host}]` : host);

const portOf = (given: string | undefined, kind: keyof typeof DEFAULT_PORTS): string =>
  given !== undefined && PORT.test(given) && Number(given) <= 65_535 ? given : DEFAULT_PORTS[kind];
