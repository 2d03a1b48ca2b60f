// What a start tells about calls: where they go, and what relays may reach.
import { isIPv6 } from 'node:net';
import { machineAddresses, relayAddresses } from '@millrace/turn';
import type { TurnSettings } from '@millrace/turn';

type Shown = Pick<
  TurnSettings,
  'turnHosts' | 'turnPort' | 'turnTlsPort' | 'turnPublicAddresses' | 'turnAllowedPeers' | 'turnDeniedPeers'
>;

const WILDCARDS = ['0.0.0.0', '::'];

/** Lines for people. Relays reach the internet in any case; what is opened beside it, and what is closed, is named. */
export function formatCalls(settings: Shown, machine: readonly string[] = machineAddresses()): string[] {
  const { turnPort, turnTlsPort, turnAllowedPeers, turnDeniedPeers } = settings;
  const relays = Object.values(relayAddresses(settings, machine)).map(({ announced }) => announced);
  const opened = turnAllowedPeers.length === 0 ? 'none' : turnAllowedPeers.join(', ');
  return [
    `  STUN, TURN     ${shown(reachedAt(settings))}, port ${turnPort} (UDP, TCP) and ${turnTlsPort} (TLS)`,
    `                 relays at ${shown(relays)}`,
    `                 private addresses that relays may reach: ${opened}`,
    ...(turnDeniedPeers.length === 0 ? [] : [`                 and may not: ${turnDeniedPeers.join(', ')}`]),
  ];
}

const shown = (hosts: readonly string[]): string =>
  hosts.map((host) => (isIPv6(host) ? `[${host}]` : host)).join(' and ');

/** The addresses that clients connect to: a wildcard is none of them. */
function reachedAt({ turnHosts, turnPublicAddresses = [] }: Shown): readonly string[] {
  if (turnPublicAddresses.length > 0) return turnPublicAddresses;
  const named = turnHosts.filter((host) => !WILDCARDS.includes(host));
  return named.length > 0 ? named : ['every address of this machine'];
}
