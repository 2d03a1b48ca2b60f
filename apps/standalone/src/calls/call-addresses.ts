// Where calls are reached: follows from where HTTP is, so that what works for the page works for the call too.
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

/** An address of this machine in a network, those of its loopback left out. */
export interface LocalAddress {
  readonly address: string;
  /** The network it is in, such as `192.168.1.0/24`. */
  readonly network: string;
}

/** The IPv4 addresses of this machine. IPv6 has no private ranges that would have to be opened: its hosts are reached as they are. */
export function localAddresses(): LocalAddress[] {
  const all = Object.values(networkInterfaces()).flatMap((infos) => infos ?? []);
  return all
    .filter(({ internal, family, address }) => !internal && family === 'IPv4' && !address.startsWith('169.254.'))
    .map(({ address, netmask }) => ({ address, network: networkOf(address, netmask) }));
}

function networkOf(address: string, netmask: string): string {
  const masks = netmask.split('.').map(Number);
  const prefix = address.split('.').map((octet, i) => Number(octet) & (masks[i] ?? 0xff));
  const bits = masks.reduce((sum, mask) => sum + mask.toString(2).replaceAll('0', '').length, 0);
  return `${prefix.join('.')}/${bits}`;
}

type Environment = Readonly<Record<string, string | undefined>>;

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;
const WILDCARD: Readonly<Record<string, string>> = { '0.0.0.0': '0.0.0.0', '::': '0.0.0.0,::' };
const DEFAULTS = { http: '127.0.0.1', signaling: '8081', turn: '3478', turnTls: '5349' };
/** There is no other server that a client could go to: what a drain is for. */
const DRAIN_MS = '500';

/**
 * Settings of signaling and TURN that follow from those of HTTP.
 *
 * HTTP on the loopback only: calls between browsers of this machine. Relays are there as well, and may reach each other and the
 * other addresses of this machine, where its browsers' other candidates are; whoever can ask such a relay can reach them anyway.
 * HTTP on other addresses: calls in the network that this machine is in; relays may reach that one network.
 */
export function callDefaults(env: Environment, local: readonly LocalAddress[]): Record<string, string> {
  const httpHost = env['MILLRACE_HTTP_HOST'] || DEFAULTS.http;
  const publicUrl = new URL(env['MILLRACE_PUBLIC_URL'] || 'http://localhost');
  const signalingPort = env['MILLRACE_SIGNALING_PORT'] || DEFAULTS.signaling;
  const scheme = publicUrl.protocol === 'https:' ? 'wss' : 'ws';
  const common = {
    MILLRACE_SIGNALING_HOST: httpHost === 'localhost' ? DEFAULTS.http : httpHost,
    MILLRACE_PUBLIC_SIGNALING_URL: `${scheme}://${publicUrl.hostname}:${signalingPort}/v1/rooms`,
    MILLRACE_SIGNALING_DRAIN_MS: DRAIN_MS,
    MILLRACE_TURN_DRAIN_MS: DRAIN_MS,
  };
  if (LOOPBACK.test(httpHost)) {
    return {
      ...common,
      MILLRACE_TURN_HOST: DEFAULTS.http,
      MILLRACE_ICE_URLS: iceUrls(env, DEFAULTS.http),
      MILLRACE_TURN_ALLOWED_PEERS: [DEFAULTS.http, ...local.map(({ address }) => address)].join(','),
    };
  }
  const reached = env['MILLRACE_TURN_PUBLIC_ADDRESS'] || addressOf(publicUrl.hostname, httpHost, local);
  const network = local.find(({ address }) => address === reached)?.network;
  return {
    ...common,
    MILLRACE_TURN_HOST: WILDCARD[httpHost] ?? httpHost,
    ...(reached !== undefined && {
      MILLRACE_TURN_PUBLIC_ADDRESS: reached,
      MILLRACE_ICE_URLS: iceUrls(env, reached.split(',')[0] ?? reached),
    }),
    ...(network !== undefined && { MILLRACE_TURN_ALLOWED_PEERS: network }),
  };
}

/** The address that people are given, when it is one; else that which is listened on; else the first of this machine. */
function addressOf(publicHost: string, httpHost: string, local: readonly LocalAddress[]): string | undefined {
  const named = [publicHost, httpHost].find((host) => isIP(host) === 4 && !(host in WILDCARD) && !LOOPBACK.test(host));
  return named ?? local[0]?.address;
}

function iceUrls(env: Environment, host: string): string {
  const port = env['MILLRACE_TURN_PORT'] || DEFAULTS.turn;
  const tlsPort = env['MILLRACE_TURN_TLS_PORT'] || DEFAULTS.turnTls;
  const at = isIP(host) === 6 ? `[${host}]` : host;
  return [
    `stun:${at}:${port}`,
    ...['udp', 'tcp'].map((transport) => `turn:${at}:${port}?transport=${transport}`),
    `turns:${at}:${tlsPort}?transport=tcp`,
  ].join(',');
}
