/** The encoder at the other end of a connection. */
export interface EncoderPeer {
  /** How it speaks to the edge, such as `rtmps`: one of the protocols that the edge names in its metrics. */
  readonly protocol: string;
  /** For people and logs. */
  readonly address: string;
  /** What limits per address count by. */
  readonly network: string;
}
