// The members of WebRTC's statistics (W3C webrtc-stats) that this library reads.

export interface RawStats {
  readonly id: string;
  readonly type: string;
  readonly timestamp: number;
  readonly kind?: string;
  readonly selectedCandidatePairId?: string;
  readonly nominated?: boolean;
  readonly state?: string;
  readonly currentRoundTripTime?: number;
  readonly availableOutgoingBitrate?: number;
  readonly localCandidateId?: string;
  readonly remoteCandidateId?: string;
  readonly candidateType?: string;
  readonly protocol?: string;
  readonly relayProtocol?: string;
  readonly url?: string;
  readonly bytesSent?: number;
  readonly bytesReceived?: number;
  readonly packetsReceived?: number;
  readonly packetsLost?: number;
  readonly fractionLost?: number;
  readonly roundTripTime?: number;
  readonly jitter?: number;
  readonly framesDecoded?: number;
  readonly framesPerSecond?: number;
  readonly frameWidth?: number;
  readonly frameHeight?: number;
}

export type RawReport = ReadonlyMap<string, RawStats>;

/** The browser's type names no members; its report is a map in every other respect. */
export const rawReport = (report: RTCStatsReport): RawReport => report;

export const ofType = (report: RawReport, type: string): readonly RawStats[] =>
  [...report.values()].filter((stats) => stats.type === type);
