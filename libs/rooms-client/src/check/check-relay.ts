// Does a relay let something through over one transport? Both ends are this page, each behind an allocation of its own.
import type { ClientClock } from '../clock.ts';
import { relaysOver, toRtcIceServers } from '../ice-servers.ts';
import type { RelayTransport } from '../ice-servers.ts';
import type { IceServer } from '../messages.ts';
import type { HopResult } from './hop-result.ts';

const TIMEOUT_MS = 12_000;
/** The browser's own code for "no answer, or no connection" (W3C WebRTC §4.8.2); lower ones are the server's. */
const UNREACHABLE = 701;

export async function checkRelay(
  servers: readonly IceServer[],
  transport: RelayTransport,
  clock: ClientClock,
): Promise<HopResult> {
  const relays = relaysOver(servers, transport);
  const startMs = clock.now();
  if (relays.length === 0) return { ok: false, ms: 0, problem: 'not_offered', detail: '' };
  const configuration: RTCConfiguration = { iceServers: toRtcIceServers(relays), iceTransportPolicy: 'relay' };
  const near = new RTCPeerConnection(configuration);
  const far = new RTCPeerConnection(configuration);
  try {
    return await new Promise<HopResult>((resolve) => {
      let address: string | undefined;
      const elapsed = (): number => clock.now() - startMs;
      const fail = (problem: 'refused' | 'no_answer' | 'no_passage', detail: string): void =>
        resolve({ ok: false, ms: elapsed(), problem, detail });
      near.onicecandidateerror = ({ errorCode, errorText }) => {
        // One of several addresses may fail; where nothing was allocated at the end, that is the verdict.
        if (errorCode !== UNREACHABLE) fail('refused', `${errorCode} ${errorText}`.trim());
      };
      near.onicecandidate = ({ candidate }) => {
        address ??= candidate?.address ?? undefined;
        if (candidate === null && address === undefined) fail('no_answer', 'nothing was allocated');
        void far.addIceCandidate(candidate ?? undefined).catch(() => undefined);
      };
      far.onicecandidate = ({ candidate }) => void near.addIceCandidate(candidate ?? undefined).catch(() => undefined);
      far.ondatachannel = ({ channel }) => {
        channel.onmessage = ({ data }: MessageEvent<string>) => channel.send(data);
      };
      const channel = near.createDataChannel('check');
      channel.onopen = () => channel.send('through');
      channel.onmessage = () => resolve({ ok: true, ms: elapsed(), ...(address === undefined ? {} : { address }) });
      clock.after(TIMEOUT_MS, () => fail(address === undefined ? 'no_answer' : 'no_passage', 'timeout'));
      connect(near, far).catch((error: unknown) => fail('no_passage', String(error)));
    });
  } finally {
    near.close();
    far.close();
  }
}

async function connect(near: RTCPeerConnection, far: RTCPeerConnection): Promise<void> {
  await near.setLocalDescription();
  if (near.localDescription !== null) await far.setRemoteDescription(near.localDescription);
  await far.setLocalDescription();
  if (far.localDescription !== null) await near.setRemoteDescription(far.localDescription);
}
