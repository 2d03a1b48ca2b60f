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
/** Systems send to these as to their loopback. */
const UNSPECIFIED: readonly Cidr[] = [cidr('0.0.0.0'), cidr('::')];

type AddressSettings = Pick<TurnSettings, 'turnHosts' | 'turnPublicAddresses'>;

/** The addresses of this machine, those of its loopback left out. */
export function machineAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((infos) => infos ?? []);
  return all.filter(({ internal }) => !internal).map(({ address }) => address.split('%', 1)[0]!);
}

/** What the server knows of addresses once it starts. */
export interface TurnAddresses {
  readonly machine: readonly string[];
  readonly relays: RelayAddresses;
}

/** @throws ConfigError: see `relayAddresses` */
export function turnAddresses(settings: AddressSettings): TurnAddresses {
  const machine = machineAddresses();
  return { machine, relays: relayAddresses(settings, machine) };
}

/** By which addresses clients and peers know the relays. */
export const announcedAddresses = ({ relays }: Pick<TurnAddresses, 'relays'>): readonly string[] =>
  Object.values(relays).map(({ announced }) => announced);

/** @throws ConfigError when relays would have an address that clients elsewhere cannot reach, and no setting confirms it */
export function relayAddresses(settings: AddressSettings, machine: readonly string[]): RelayAddresses {
  const { turnHosts, turnPublicAddresses } = settings;
  const result: Partial<Record<IpFamily, RelayAddress>> = {};
  const unreachable: string[] = [];
  for (const family of FAMILIES) {
    const bind = ofFamily(turnHosts, family);
    if (bind === undefined) continue;
    const given = ofFamily(turnPublicAddresses ?? [], family);
    const announced = given ?? ownAddress(family, bind, machine);
    if (announced === undefined) continue;
    // The address of one family is set: the other has relays where it needs no word.
    if (given === undefined && turnPublicAddresses && !isLoopback(announced) && !isPublic(announced)) continue;
    if (given === undefined && !isLoopback(announced) && !isPublic(announced)) unreachable.push(announced);
    else result[family] = { bind, announced };
  }
  if (unreachable.length > 0) throw unreachableFault(unreachable);
  if (Object.keys(result).length === 0) throw fault('this machine has no address for relays: set one');
  return result;
}

/** Families that clients are listened for in and relays are not announced in. `::` alone says nothing: each machine has it. */
export function familiesWithoutRelays(
  { turnHosts }: Pick<TurnSettings, 'turnHosts'>,
  relays: RelayAddresses,
): readonly IpFamily[] {
  return FAMILIES.filter((family) => {
    const host = ofFamily(turnHosts, family);
    return host !== undefined && !WILDCARDS.includes(host) && relays[family] === undefined;
  });
}

/** Of all of this machine's addresses one that the internet reaches; of IPv4 also another one, for there is a NAT then. */
function ownAddress(family: IpFamily, bind: string, machine: readonly string[]): string | undefined {
  if (!WILDCARDS.includes(bind)) return bind;
  const own = machine.filter((address) => familyOf(address) === family);
  return own.find(isPublic) ?? (family === 'IPv4' ? own[0] : undefined);
}

/** Which peers datagrams may be relayed to, and which ones connections may be made with. */
export function peerPolicies(
  settings: Pick<
    TurnSettings,
    | 'turnAllowedPeers'
    | 'turnTcpAllowedPeers'
    | 'turnDeniedPeers'
    | 'turnOwnPeerPorts'
    | 'turnHosts'
    | 'turnAlternateHosts'
    | 'turnRelayPortMin'
    | 'turnRelayPortMax'
  >,
  relays: RelayAddresses,
  machine: readonly string[],
  openPorts: readonly number[],
): { readonly policy: PeerPolicy; readonly tcpPolicy: PeerPolicy } {
  const { turnHosts, turnAlternateHosts = [] } = settings;
  const announced = announcedAddresses({ relays });
  const own = [...machine, ...turnHosts, ...turnAlternateHosts, ...announced].filter(
    (address) => !WILDCARDS.includes(address),
  );
  const common = {
    denied: ranges(settings.turnDeniedPeers),
    own: [...LOOPBACK, ...UNSPECIFIED, ...own.map(cidr)],
    announced: announced.map(cidr),
    ownPorts: openPorts,
    relayPorts: { first: settings.turnRelayPortMin, last: settings.turnRelayPortMax },
  };
  return {
    policy: new PeerPolicy({
      ...common,
      allowed: ranges(settings.turnAllowedPeers),
      ownPeerPorts: settings.turnOwnPeerPorts,
    }),
    // What is opened for datagrams opens no service that listens for connections.
    tcpPolicy: new PeerPolicy({ ...common, allowed: ranges(settings.turnTcpAllowedPeers), ownPeerPorts: [] }),
  };
}

const ranges = (texts: readonly string[]): readonly Cidr[] =>
  texts.map((text) => parseCidr(text)).filter((range) => range !== undefined);

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
const internet = new PeerPolicy({
  allowed: [],
  denied: [],
  own: [],
  announced: [],
  ownPorts: [],
  ownPeerPorts: [],
  relayPorts: { first: 0, last: 0 },
});

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
