/** Who is at the other end of a connection. */
export interface Peer {
  readonly protocol: 'rtmp' | 'rtmps';
  /** For people and logs. */
  readonly address: string;
  /** What limits per address count by. */
  readonly network: string;
}
