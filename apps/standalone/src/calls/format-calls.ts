// What a start tells about calls: where they go, and what relays may reach.
import type { TurnSettings } from '@millrace/turn';

type Shown = Pick<TurnSettings, 'turnHosts' | 'turnPort' | 'turnTlsPort' | 'turnAllowedPeers'>;

/** Lines for people. Relays reach the internet in any case; what is opened beside it is named. */
export function formatCalls({ turnHosts, turnPort, turnTlsPort, turnAllowedPeers = [] }: Shown): string[] {
  const hosts = turnHosts.map((host) => (host.includes(':') ? `[${host}]` : host)).join(' and ');
  const opened = turnAllowedPeers.length === 0 ? 'nothing' : turnAllowedPeers.join(', ');
  return [
    `  STUN, TURN     ${hosts}, port ${turnPort} (UDP, TCP) and ${turnTlsPort} (TLS)`,
    `                 private addresses that relays may reach: ${opened}`,
  ];
}
