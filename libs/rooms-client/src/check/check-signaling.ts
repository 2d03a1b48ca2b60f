// The first hop: a WebSocket to the signaling service, and its word on a token, without entering the room.
import type { ClientClock } from '../clock.ts';
import { SIGNALING_VERSION } from '../messages.ts';
import type { IceServer } from '../messages.ts';
import { parseServerMessage } from '../signaling/server-message.ts';
import type { OpenSocket } from '../signaling/socket.ts';
import type { HopResult } from './hop-result.ts';

export interface SignalingCheck {
  readonly result: HopResult;
  /** What the next hops are tested with; empty where this one failed. */
  readonly iceServers: readonly IceServer[];
}

export interface SignalingCheckOptions {
  readonly url: string;
  readonly token: string;
  readonly clock: ClientClock;
  readonly openSocket: OpenSocket;
}

export const SIGNALING_CHECK_TIMEOUT_MS = 8_000;

export function checkSignaling({ url, token, clock, openSocket }: SignalingCheckOptions): Promise<SignalingCheck> {
  const startMs = clock.now();
  return new Promise((resolve) => {
    const finish = (result: HopResult, iceServers: readonly IceServer[] = []): void => {
      cancelDeadline();
      resolve({ result, iceServers });
      socket.close();
    };
    const elapsed = (): number => clock.now() - startMs;
    const fail = (problem: 'no_answer' | 'refused', detail: string): void =>
      finish({ ok: false, ms: elapsed(), problem, detail });
    const cancelDeadline = clock.after(SIGNALING_CHECK_TIMEOUT_MS, () => fail('no_answer', 'timeout'));
    const socket = openSocket(url, {
      opened: () => socket.send(JSON.stringify({ type: 'probe', version: SIGNALING_VERSION, token })),
      received: (text) => {
        const message = parseServerMessage(text);
        if (message?.type === 'probed') finish({ ok: true, ms: elapsed() }, message.ice_servers);
        if (message?.type === 'error') fail('refused', message.code);
      },
      closed: (code) => fail('no_answer', String(code)),
    });
  });
}
