// How does the NAT in front of this browser behave (RFC 5780)? A page cannot send STUN by itself, but two connections of it can
// find out: the near one is behind the NAT, the far one behind a relay, at an address and port that the near one has not sent to.
import type { ClientClock } from '../clock.ts';
import { relaysOver, stunServers, toRtcIceServers } from '../ice-servers.ts';
import type { IceServer } from '../messages.ts';

export type NatFinding =
  /** The server sees the address that this machine has. */
  | { readonly kind: 'none' }
  | {
      readonly kind: 'nat';
      /** RFC 5780 section 4.3: whether the same address and port are seen by everyone, or each peer sees others (a symmetric NAT). */
      readonly mapping: 'endpoint_independent' | 'dependent';
      /** Section 4.4: whether packets get in from a port that nothing was sent to. */
      readonly filtering: 'open' | 'address_and_port_dependent';
    }
  /** UDP does not get through, or the server offers no STUN or no relay over UDP. */
  | { readonly kind: 'unknown' };

const GATHER_MS = 5_000;
/** Checks come several times a second. */
const FILTERING_MS = 2_500;
const MAPPING_MS = 3_000;
const LOOK_MS = 100;
const UNKNOWN: NatFinding = { kind: 'unknown' };

export async function checkNat(servers: readonly IceServer[], clock: ClientClock): Promise<NatFinding> {
  const stun = stunServers(servers);
  const relays = relaysOver(servers, 'udp');
  if (stun.length === 0 || relays.length === 0) return UNKNOWN;
  const near = new RTCPeerConnection({ iceServers: toRtcIceServers(stun) });
  const far = new RTCPeerConnection({ iceServers: toRtcIceServers(relays), iceTransportPolicy: 'relay' });
  try {
    return await findOut(near, far, clock);
  } catch {
    // A browser that can do none of this can still make calls: nothing is found, and nothing fails.
    return UNKNOWN;
  } finally {
    near.close();
    far.close();
  }
}

async function findOut(near: RTCPeerConnection, far: RTCPeerConnection, clock: ClientClock): Promise<NatFinding> {
  const [mapped, relayed] = [gathered(near, clock, 'srflx'), gathered(far, clock, 'relay')];
  near.createDataChannel('nat');
  // Descriptions as they are made hold no candidates yet: those are told one by one, and not all of them.
  const offer = await near.createOffer();
  await near.setLocalDescription(offer);
  await far.setRemoteDescription(offer);
  const answer = await far.createAnswer();
  await far.setLocalDescription(answer);
  await near.setRemoteDescription(answer);
  const [seen, relay] = await Promise.all([mapped, relayed]);
  if (seen === 'failed' || relay === undefined || relay === 'failed') return UNKNOWN;
  if (seen === undefined) return { kind: 'none' };

  // The relay sends to the address that STUN has seen, while the near side has sent nothing to the relay.
  await far.addIceCandidate(seen);
  const isOpen = await within(FILTERING_MS, clock, async () => (await remoteTypes(near)).length > 0);
  // Then the near side sends to the relay: the far one sees from where.
  await near.addIceCandidate(relay);
  const hasCome = await within(MAPPING_MS, clock, async () => (await requestsReceived(far)) > 0);
  if (!hasCome) return UNKNOWN;
  const isElsewhere = (await remoteTypes(far)).includes('prflx');
  return {
    kind: 'nat',
    mapping: isElsewhere ? 'dependent' : 'endpoint_independent',
    filtering: isOpen ? 'open' : 'address_and_port_dependent',
  };
}

/** @returns the first candidate of that type; undefined when gathering ends without one, `failed` when a server did not answer */
function gathered(
  connection: RTCPeerConnection,
  clock: ClientClock,
  type: RTCIceCandidateType,
): Promise<RTCIceCandidate | 'failed' | undefined> {
  return new Promise((resolve) => {
    let errors = 0;
    connection.onicecandidateerror = () => errors++;
    connection.onicecandidate = ({ candidate }) => {
      if (candidate?.type === type) resolve(candidate);
      if (candidate === null) resolve(errors === 0 ? undefined : 'failed');
    };
    clock.after(GATHER_MS, () => resolve('failed'));
  });
}

/** Looks again and again. @returns whether it held within the time */
async function within(timeMs: number, clock: ClientClock, holds: () => Promise<boolean>): Promise<boolean> {
  const untilMs = clock.now() + timeMs;
  while (!(await holds())) {
    if (clock.now() >= untilMs) return false;
    await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
  }
  return true;
}

interface CandidateReport {
  readonly type: string;
  readonly candidateType?: string;
  readonly requestsReceived?: number;
}

async function reports(connection: RTCPeerConnection): Promise<CandidateReport[]> {
  const all: CandidateReport[] = [];
  (await connection.getStats()).forEach((report: CandidateReport) => all.push(report));
  return all;
}

/** `prflx`: it was not told of, a packet came from there. */
async function remoteTypes(connection: RTCPeerConnection): Promise<string[]> {
  const remote = (await reports(connection)).filter(({ type }) => type === 'remote-candidate');
  return remote.map(({ candidateType = '' }) => candidateType);
}

async function requestsReceived(connection: RTCPeerConnection): Promise<number> {
  const pairs = (await reports(connection)).filter(({ type }) => type === 'candidate-pair');
  return pairs.reduce((sum, { requestsReceived: count = 0 }) => sum + count, 0);
}
