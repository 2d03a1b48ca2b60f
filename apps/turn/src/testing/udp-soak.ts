// Many datagrams between sockets, of sizes, in bursts and beside errors that a seed chooses. Each says which it is and how its bytes
// go on, so that one that is lost, doubled, cut, mixed with another or out of order is seen.
import { setImmediate as turn } from 'node:timers/promises';
import type { IpFamily } from '../peers/ip-address.ts';
import type { OpenUdpSocket, UdpSocket } from '../transport/udp-socket.ts';

export interface SoakOptions {
  readonly family: IpFamily;
  readonly address: string;
  readonly datagrams: number;
  readonly seed?: number;
}

export interface SoakResult {
  readonly seed: number;
  readonly received: number;
  readonly reopened: number;
  /** What was not as sent, at most a few of them. */
  readonly wrong: readonly string[];
}

const HEAD_BYTES = 8;
/** Of one burst: what the receive buffer of an ordinary system holds with room to spare. */
const BURST_BYTES = 90_000;
const OVERHEAD_BYTES = 1_000;
const MAX_BURST = 70;
const MAX_WRONG = 5;
const WAIT_MS = 20_000;
const PATTERN = Buffer.from(Array.from({ length: 66_000 + 256 }, (_, i) => (i * 7 + (i >> 8)) & 0xff));

/** xorshift32 */
function randomOf(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function made(index: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(Math.max(size, HEAD_BYTES));
  bytes.writeUInt32BE(index, 0);
  bytes.writeUInt32BE(bytes.length, 4);
  PATTERN.copy(bytes, HEAD_BYTES, index & 0xff, (index & 0xff) + bytes.length - HEAD_BYTES);
  return bytes;
}

export async function soak(
  open: OpenUdpSocket,
  { family, address, datagrams, ...rest }: SoakOptions,
): Promise<SoakResult> {
  const seed = rest.seed ?? Date.now() & 0x7fffffff;
  const random = randomOf(seed);
  const wrong: string[] = [];
  let received = 0;
  let reopened = 0;
  let expected = 0;
  let isClosing = false;
  const options = { family, address, port: 0, shared: false, bufferBytes: 4 << 20 };
  const receive = (bytes: Buffer): void => {
    const index = expected++;
    if (!bytes.equals(made(index, bytes.length)) && wrong.length < MAX_WRONG)
      wrong.push(`seed ${seed}: ${bytes.length} bytes of ${bytes.toString('hex', 0, HEAD_BYTES)} instead of ${index}`);
    received++;
    if (random(500) === 0) isClosing = true;
  };
  let receiver: UdpSocket = open(options, receive);
  const senders = [open(options, () => undefined), open(options, () => undefined)];
  const gone = open(options, () => undefined);
  gone.close();
  const size = (): number =>
    random(40) === 0 ? 20_000 + random(45_000) : random(3) === 0 ? HEAD_BYTES + random(64) : HEAD_BYTES + random(1_500);
  try {
    for (let sent = 0; sent < datagrams && wrong.length === 0;) {
      // One sender for a burst: the order is that of its socket.
      const at = random(senders.length);
      const sender = senders[at]!;
      let room = BURST_BYTES;
      for (let left = 1 + random(MAX_BURST); left > 0 && sent < datagrams; left--) {
        const bytes = made(sent, size());
        room -= bytes.length + OVERHEAD_BYTES;
        if (room < 0) break;
        sent++;
        const cut = random(bytes.length + 1);
        if (random(4) > 0) sender.send(bytes, receiver.port, address);
        else sender.sendParts([bytes.subarray(0, cut), bytes.subarray(cut)], receiver.port, address);
        // The bytes of errors look like others, so that one that arrives is seen.
        if (random(8) === 0) sender.send(bytes, gone.port, address);
        if (random(16) === 0) sender.send(bytes, 0, address);
        if (random(64) === 0) sender.send(Buffer.alloc(65_508 + 20 + random(300_000)), receiver.port, address);
      }
      const deadline = Date.now() + WAIT_MS;
      while (received < sent && Date.now() < deadline) await turn();
      if (received < sent) wrong.push(`seed ${seed}: ${sent - received} of ${sent} did not arrive`);
      if (isClosing) {
        isClosing = false;
        receiver.close();
        receiver = open(options, receive);
        senders[at]!.close();
        senders[at] = open(options, () => undefined);
        reopened++;
      }
    }
  } finally {
    receiver.close();
    for (const sender of senders) sender.close();
  }
  return { seed, received, reopened, wrong };
}
