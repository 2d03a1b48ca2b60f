// Does a STUN server answer over UDP, and which address does it see?
import type { ClientClock } from '../clock.ts';
import { stunServers, toRtcIceServers } from '../ice-servers.ts';
import type { IceServer } from '../messages.ts';
import type { HopResult } from './hop-result.ts';

/** The browser itself gives up after 9.5 s (RFC 8489 §6.2.1). */
const TIMEOUT_MS = 10_000;

export async function checkStun(servers: readonly IceServer[], clock: ClientClock): Promise<HopResult> {
  const stun = stunServers(servers);
  const startMs = clock.now();
  if (stun.length === 0) return { ok: false, ms: 0, problem: 'not_offered', detail: '' };
  const connection = new RTCPeerConnection({ iceServers: toRtcIceServers(stun) });
  try {
    return await new Promise<HopResult>((resolve) => {
      let errors = 0;
      const elapsed = (): number => clock.now() - startMs;
      const fail = (detail: string): void => resolve({ ok: false, ms: elapsed(), problem: 'no_answer', detail });
      connection.onicecandidateerror = () => errors++;
      connection.onicecandidate = ({ candidate }) => {
        if (candidate?.type === 'srflx')
          resolve({ ok: true, ms: elapsed(), ...(candidate.address === null ? {} : { address: candidate.address }) });
        // Without a NAT the answer repeats the host's address, and the browser tells of no candidate and of no error.
        if (candidate === null) {
          if (errors === 0) resolve({ ok: true, ms: elapsed() });
          else fail('the browser got no answer');
        }
      };
      clock.after(TIMEOUT_MS, () => fail('timeout'));
      connection.createDataChannel('check');
      connection.setLocalDescription().catch((error: unknown) => fail(String(error)));
    });
  } finally {
    connection.close();
  }
}
