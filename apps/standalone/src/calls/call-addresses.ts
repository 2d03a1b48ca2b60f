// Where calls are reached: follows from where HTTP is, so that what works for the page works for the call too.
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { formatIpv4, formatIpv6, parseIpAddress } from '@millrace/protocol/stun';

/** An address of this machine in a network, those of its loopback left out. */
export interface LocalAddress {
  readonly address: string;
  /** The network it is in, such as `192.168.1.0/24`. */
  readonly network: string;
}

/** The addresses of this machine, those left out that hold on one link only. */
export function localAddresses(): LocalAddress[] {
  const all = Object.values(networkInterfaces()).flatMap((infos) => infos ?? []);
  return all
    .filter(({ internal, address }) => !internal && !LINK_LOCAL.test(address))
    .map(({ address, netmask }) => ({ address, network: networkOf(address, netmask) }));
}

const LINK_LOCAL = /^(169\.254\.|fe[89ab])/i;

/** The network of an address, by bytes: a mask is as long as its address. */
function networkOf(address: string, netmask: string): string {
  const mask = parseIpAddress(netmask)!;
  const prefix = parseIpAddress(address)!.map((byte, i) => byte & mask[i]!);
  const bits = mask.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
  return `${isIP(address) === 6 ? formatIpv6(prefix) : formatIpv4(prefix)}/${bits}`;
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
 * HTTP on the loopback only: calls between browsers of this machine, whose relays are there as well, and meet there.
 * HTTP on other addresses: calls in the network that this machine is in; relays may reach that one network.
 */
export function callDefaults(env: Environment, local: readonly LocalAddress[]): Record<string, string> {
  const httpHost = env['MILLRACE_HTTP_HOST'] || DEFAULTS.http;
  // A wrong address is refused under its own name.
  const named = env['MILLRACE_PUBLIC_URL'] || 'http://localhost';
  const publicUrl = new URL(URL.canParse(named) ? named : 'http://localhost');
  const signalingPort = env['MILLRACE_SIGNALING_PORT'] || DEFAULTS.signaling;
  const scheme = publicUrl.protocol === 'https:' ? 'wss' : 'ws';
  const common = {
    MILLRACE_SIGNALING_HOST: httpHost === 'localhost' ? DEFAULTS.http : httpHost,
    MILLRACE_PUBLIC_SIGNALING_URL: `${scheme}://${publicUrl.hostname}:${signalingPort}/v1/rooms`,
    MILLRACE_SIGNALING_DRAIN_MS: DRAIN_MS,
    MILLRACE_TURN_DRAIN_MS: DRAIN_MS,
  };
  const isLocal = LOOPBACK.test(httpHost);
  const turnHost = isLocal ? DEFAULTS.http : (WILDCARD[httpHost] ?? httpHost);
  const turnHosts = listOf(env['MILLRACE_TURN_HOST'] || turnHost);
  if (turnHosts.every((host) => LOOPBACK.test(host))) {
    return {
      ...common,
      MILLRACE_TURN_HOST: turnHost,
      MILLRACE_ICE_URLS: turnHosts.map((host) => iceUrls(env, host)).join(','),
      MILLRACE_TURN_ALLOWED_PEERS: turnHosts.join(','),
    };
  }
  const reached = env['MILLRACE_TURN_PUBLIC_ADDRESS']
    ? listOf(env['MILLRACE_TURN_PUBLIC_ADDRESS'])
    : turnHosts.map((host) => addressOf(host, [publicUrl.hostname, httpHost], local));
  const addresses = reached.filter((address) => address !== undefined);
  const networks = local.filter(({ address }) => addresses.includes(address) && isPrivate(address));
  return {
    ...common,
    MILLRACE_TURN_HOST: turnHost,
    ...(addresses.length > 0 && {
      MILLRACE_TURN_PUBLIC_ADDRESS: addresses.join(','),
      MILLRACE_ICE_URLS: addresses.map((address) => iceUrls(env, address)).join(','),
    }),
    ...(networks.length > 0 && { MILLRACE_TURN_ALLOWED_PEERS: networks.map(({ network }) => network).join(',') }),
  };
}

/**
 * By which address relays of a host's family are reached: the host itself, unless it means all of them; else the address that
 * people are given, when it is one; else the first of this machine, public ones before private ones.
 */
function addressOf(host: string, given: readonly string[], local: readonly LocalAddress[]): string | undefined {
  if (!(host in WILDCARD)) return host;
  const family = isIP(host);
  const named = given
    .map((each) => each.replace(/^\[|\]$/g, ''))
    .find((each) => isIP(each) === family && !(each in WILDCARD) && !LOOPBACK.test(each));
  const own = local.map(({ address }) => address).filter((address) => isIP(address) === family);
  return named ?? (family === 6 ? own.find((address) => !isPrivate(address)) : undefined) ?? own[0];
}

/** Addresses that relays do not reach unless they are opened; others need no word. */
const isPrivate = (address: string): boolean => isIP(address) === 4 || /^f[cd]/i.test(address);

const listOf = (text: string): string[] => text.split(',').map((item) => item.trim());

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
