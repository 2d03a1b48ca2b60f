// draft-sharabayko-srt-01 section 3.2.1: "Peer IP Address", as libsrt writes it: words in the byte order of the host of an x86.

export interface SrtPeer {
  readonly address: string;
  readonly port: number;
}

export const peerName = ({ address, port }: SrtPeer): string => `${address}|${port}`;

/** Also as IPv6 has it mapped. */
const IPV4 = /^(?:::ffff:)?(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/** Of an IPv4 address; zeros for others, which no peer reads. */
export function encodePeerAddress({ address }: SrtPeer): Buffer {
  const field = Buffer.alloc(16);
  const octets = IPV4.exec(address)?.slice(1).map(Number);
  if (octets !== undefined) field.set(octets.reverse());
  return field;
}
