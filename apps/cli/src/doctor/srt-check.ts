// What encoders of SRT meet: a rejection for a key that does not exist.
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { newSecretKey } from '@millrace/domain';
import { SrtCaller, SrtRejection } from '@millrace/protocol/srt';
import type { SrtPeer } from '@millrace/protocol/srt';
import { explainFailure } from '../api/unreachable.ts';
import { usageError } from '../command-line/cli-error.ts';
import { hostOf } from '../publishing/encoder-connection.ts';
import { CHECK_TIMEOUT_MS, fail, ok, warn } from './check.ts';
import type { CheckResult } from './check.ts';

const USUAL_PORT = 8890;
const TICK_MS = 10;
const PACKETS = 64;

type Answer = { readonly refused: number } | 'connected';

/** @throws CliError unless it is srt, with a host */
export function srtServer(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'srt:' || url.hostname === '')
    throw usageError(`"${text}" is not an SRT server`, 'Give it as srt://live.example.com:8890.');
  return url;
}

export async function checkSrt(server: URL): Promise<CheckResult> {
  const [host, port] = [hostOf(server), Number(server.port || USUAL_PORT)];
  try {
    return judge(await call(host, port), `${host}:${port}`);
  } catch (error) {
    const { what, advice } = explainFailure(error);
    return fail('SRT', `${server.host}: ${what}`, advice);
  }
}

function judge(answer: Answer, address: string): CheckResult {
  if (answer === 'connected')
    return fail(
      'SRT',
      'a wrong key is accepted',
      'What listens there is not Millrace: check the address and the port.',
    );
  const { refused } = answer;
  if (refused === SrtRejection.timeout)
    return fail(
      'SRT',
      `${address} does not answer over UDP`,
      'Check that the edge runs, and that firewalls and load balancers let UDP through in both directions.',
    );
  const found = `a wrong key is refused: reason ${refused}`;
  if (refused === SrtRejection.unauthorized) return ok('SRT', found);
  if (refused === SrtRejection.down)
    return warn('SRT', found, 'The edge stops, or does not reach a gateway: check NATS and the gateways.');
  return warn(
    'SRT',
    found,
    'See docs/srt.md for this reason; after several wrong keys from one address, wait a minute.',
  );
}

/** At all addresses of the host: UDP does not tell at which of them something listens. */
async function call(host: string, port: number): Promise<Answer> {
  const addresses = await lookup(host, { all: true });
  const calls = addresses.map(({ address, family }) => callAt({ address, port }, family));
  const found = await Promise.any(calls.map(async ({ answer }) => answeredOnly(await answer))).catch(() => NO_ANSWER);
  for (const { close } of calls) close();
  return found;
}

const NO_ANSWER: Answer = { refused: SrtRejection.timeout };

function answeredOnly(answer: Answer): Answer {
  if (answer !== 'connected' && answer.refused === SrtRejection.timeout) throw new Error('no answer');
  return answer;
}

/** The key is well formed, so that it is looked up like a real one. */
function callAt(peer: SrtPeer, family: number): { readonly answer: Promise<Answer>; readonly close: () => void } {
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  const answered = Promise.withResolvers<Answer>();
  const caller = new SrtCaller({
    peer,
    streamId: `publish:${newSecretKey('mr_st')}`,
    clock: () => performance.now() * 1_000,
    // A closed port is noticed by the time-out, like one behind a firewall.
    send: (packet) => socket.send(packet, peer.port, peer.address, () => undefined),
    handlers: { data: () => undefined, lost: () => undefined, ended: () => undefined },
    connected: (connection) => {
      connection.close();
      answered.resolve('connected');
    },
    refused: (refused) => answered.resolve({ refused }),
    delayMs: 120,
    receivePackets: PACKETS,
    sendPackets: PACKETS,
    timeoutUs: CHECK_TIMEOUT_MS * 1_000,
    idleUs: CHECK_TIMEOUT_MS * 1_000,
  });
  socket.on('error', () => answered.resolve(NO_ANSWER));
  socket.on('message', (packet) => caller.push(packet));
  const ticks = setInterval(() => caller.tick(), TICK_MS);
  const close = (): void => {
    clearInterval(ticks);
    socket.close();
  };
  return { answer: answered.promise, close };
}
