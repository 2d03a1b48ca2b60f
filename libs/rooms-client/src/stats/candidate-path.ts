// Which pair of candidates the media takes.
import { ofType } from './stats-report.ts';
import type { RawReport } from './stats-report.ts';

export type CandidateType = 'host' | 'srflx' | 'prflx' | 'relay';

export interface CandidatePath {
  readonly local: CandidateType;
  readonly remote: CandidateType;
  /** Between this machine and the next hop: the relay where there is one, else the peer. */
  readonly transport: 'udp' | 'tcp' | 'tls';
  /** The relay's address as it was configured, where this side uses one. */
  readonly relayUrl: string | undefined;
  readonly roundTripMs: number | undefined;
  readonly availableOutgoingBitsPerSecond: number | undefined;
}

export function readPath(report: RawReport): CandidatePath | undefined {
  const selected = ofType(report, 'transport').find((transport) => transport.selectedCandidatePairId !== undefined);
  const pair =
    report.get(selected?.selectedCandidatePairId ?? '') ??
    // Firefox does not name the selected pair.
    ofType(report, 'candidate-pair').find(({ nominated, state }) => nominated === true && state === 'succeeded');
  const local = report.get(pair?.localCandidateId ?? '');
  const remote = report.get(pair?.remoteCandidateId ?? '');
  if (pair === undefined || local === undefined || remote === undefined) return undefined;
  const isRelay = local.candidateType === 'relay';
  const seconds = pair.currentRoundTripTime;
  return {
    local: toType(local.candidateType),
    remote: toType(remote.candidateType),
    transport: toTransport(isRelay ? local.relayProtocol : local.protocol),
    relayUrl: isRelay ? local.url : undefined,
    roundTripMs: seconds === undefined ? undefined : seconds * 1000,
    availableOutgoingBitsPerSecond: pair.availableOutgoingBitrate,
  };
}

const toType = (type: string | undefined): CandidateType =>
  type === 'srflx' || type === 'prflx' || type === 'relay' ? type : 'host';

const toTransport = (protocol: string | undefined): CandidatePath['transport'] =>
  protocol === 'tcp' || protocol === 'tls' ? protocol : 'udp';
