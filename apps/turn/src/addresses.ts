// Which addresses relays have and are announced by, worked out once at start; what cannot work is said then, with what to set.
import { networkInterfaces } from 'node:os';
import { ConfigError } from '@millrace/service-kit';
import type { TransportAddress } from '@millrace/protocol/stun';
import { cidr, isInCidr, parseCidr } from './peers/cidr.ts';
import type { Cidr } from './peers/cidr.ts';
import { familyOf, ipBytes } from './peers/ip-address.ts';
import type { IpFamily } from './peers/ip-address.ts';
import { PeerPolicy } from './peers/peer-policy.ts';
import type { DiscoveryAddresses } from './request/binding.ts';
import type { TurnSettings } from './settings.ts';
import type { RelayAddress, RelayAddresses } from './transport/socket-relays.ts';

const WILDCARDS: readonly string[] = ['0.0.0.0', '::'];
const FAMILIES: readonly IpFamily[] = ['IPv4', 'IPv6'];
const LOOPBACK: readonly Cidr[] = [cidr('127.0.0.0/8'), cidr('::1')];

type AddressSettings = Pick<TurnSettings, 'turnHosts' | 'turnPublicAddresses'>;

/** The addresses of this machine, those of its loopback left out. */
export function machineAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((infos) => infos ?? []);
  return all.filter(({ internal }) => !internal).map(({ address }) => address.split('%', 1)[0]!);
}

/** @throws ConfigError when relays would have an address that clients elsewhere cannot reach, and nobody has said that it is right */
export function relayAddresses(settings: AddressSettings, machine: readonly string[]): RelayAddresses {
  const { turnHosts, turnPublicAddresses } = settings;
  const result: Partial<Record<IpFamily, RelayAddress>> = {};
  const unreachable: string[] = [];
  for (const family of FAMILIES) {
    const bind = ofFamily(turnHosts, family);
    if (bind === undefined) continue;
    const given = ofFamily(turnPublicAddresses ?? [], family);
    if (given === undefined && turnPublicAddresses) continue;
    const announced = given ?? ownAddress(family, bind, machine);
    if (announced === undefined) continue;
    if (given === undefined && !isLoopback(announced) && !isPublic(announced)) unreachable.push(announced);
    else result[family] = { bind, announced };
  }
  if (unreachable.length > 0) throw unreachableFault(unreachable);
  if (Object.keys(result).length === 0) throw fault('this machine has no address for relays: set one');
  return result;
}

/** Of all of this machine's addresses one that the internet reaches; of IPv4 also another one, for there is a NAT then. */
function ownAddress(family: IpFamily, bind: string, machine: readonly string[]): string | undefined {
  if (!WILDCARDS.includes(bind)) return bind;
  const own = machine.filter((address) => familyOf(address) === family);
  return own.find(isPublic) ?? (family === 'IPv4' ? own[0] : undefined);
}

/** Whether peers may be at `address`, by where it is. */
export function peerPolicy(
  settings: Pick<
    TurnSettings,
    | 'turnAllowedPeers'
    | 'turnHosts'
    | 'turnAlternateHosts'
    | 'turnRelayPortMin'
    | 'turnRelayPortMax'
    | 'turnAlternatePort'
  >,
  relays: RelayAddresses,
  machine: readonly string[],
  openPorts: readonly number[],
): PeerPolicy {
  const { turnAllowedPeers = [], turnHosts, turnAlternateHosts = [] } = settings;
  const announced = Object.values(relays).map((relay) => relay.announced);
  const own = [...machine, ...turnHosts, ...turnAlternateHosts, ...announced].filter(
    (address) => !WILDCARDS.includes(address),
  );
  return new PeerPolicy({
    allowed: turnAllowedPeers.map((range) => parseCidr(range)).filter((range) => range !== undefined),
    own: [...LOOPBACK, ...own.map(cidr)],
    ownPorts: openPorts,
    relayPorts: { first: settings.turnRelayPortMin, last: settings.turnRelayPortMax },
  });
}

/** The four addresses of NAT behaviour discovery, where there is a second one. @throws ConfigError when the first is not named */
export function discoveryAddresses(
  settings: Pick<
    TurnSettings,
    | 'turnHosts'
    | 'turnPort'
    | 'turnAlternateHosts'
    | 'turnAlternatePort'
    | 'turnPublicAddresses'
    | 'turnAlternatePublicAddresses'
  >,
): Partial<Record<IpFamily, DiscoveryAddresses>> {
  const { turnHosts, turnPort, turnAlternateHosts = [], turnAlternatePort } = settings;
  const result: Partial<Record<IpFamily, DiscoveryAddresses>> = {};
  for (const alternate of turnAlternateHosts) {
    const family = familyOf(alternate);
    const host = ofFamily(turnHosts, family);
    if (host === undefined || WILDCARDS.includes(host))
      throw new ConfigError([
        { variable: 'MILLRACE_TURN_HOST', fault: `name the address that goes with ${alternate}` },
      ]);
    const first = ofFamily(settings.turnPublicAddresses ?? [], family) ?? host;
    const second = ofFamily(settings.turnAlternatePublicAddresses ?? [], family) ?? alternate;
    const at = (address: string, port: number): TransportAddress => ({ family, address, port });
    result[family] = [
      at(first, turnPort),
      at(first, turnAlternatePort),
      at(second, turnPort),
      at(second, turnAlternatePort),
    ];
  }
  return result;
}

/** For the question whether the internet reaches an address: nothing is allowed, nothing is our own. */
const internet = new PeerPolicy({ allowed: [], own: [], ownPorts: [], relayPorts: { first: 0, last: 0 } });

const isPublic = (address: string): boolean => internet.denied(ipBytes(address)) === undefined;
const isLoopback = (address: string): boolean => LOOPBACK.some((range) => isInCidr(range, ipBytes(address)));
const ofFamily = (addresses: readonly string[], family: IpFamily): string | undefined =>
  addresses.find((address) => familyOf(address) === family);

const fault = (text: string): ConfigError =>
  new ConfigError([{ variable: 'MILLRACE_TURN_PUBLIC_ADDRESS', fault: text }]);

const unreachableFault = (addresses: readonly string[]): ConfigError =>
  fault(
    `relays would be announced as ${addresses.join(' and ')}, which the internet does not reach: set the address by which ` +
      `clients reach this server, or ${addresses.join(',')} itself if all of them are in its network`,
  );
