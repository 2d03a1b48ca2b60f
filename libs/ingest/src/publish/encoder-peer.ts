/** The encoder at the other end of a connection. */
export interface EncoderPeer {
  /** Its protocol, such as `rtmps`: one of those in `IngestProtocol`. */
  readonly protocol: string;
  /** For logs and operators. */
  readonly address: string;
  /** The network by which limits per address count. */
  readonly network: string;
}
