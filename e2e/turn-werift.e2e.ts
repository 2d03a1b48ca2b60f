// An ICE agent that knows nothing of our code: two of its peers reach each other through our relay, and only through it.
import { RTCPeerConnection } from 'werift';
import type { RTCDataChannel } from 'werift';
import { startTurn } from '@millrace/turn/testing';
import type { RunningTurn } from '@millrace/turn/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';

const MESSAGES = 200;

let turn: RunningTurn;
beforeAll(async () => {
  turn = await startTurn({ turnHosts: ['127.0.0.1'] });
});
afterAll(() => turn.stop());

function peer(transport: string): RTCPeerConnection {
  const { username, password } = turn.control.user();
  const urls = `turn:127.0.0.1:${turn.ports.udp}?transport=${transport}`;
  return new RTCPeerConnection({
    iceServers: [{ urls, username, credential: password }],
    iceTransportPolicy: 'relay',
    iceUseIpv6: false,
  });
}

/** Candidates stand in the descriptions once they are gathered. */
async function connect(from: RTCPeerConnection, to: RTCPeerConnection): Promise<void> {
  await from.setLocalDescription(await from.createOffer());
  await gathered(from);
  await to.setRemoteDescription(from.localDescription!);
  await to.setLocalDescription(await to.createAnswer());
  await gathered(to);
  await from.setRemoteDescription(to.localDescription!);
}

const gathered = (each: RTCPeerConnection): Promise<unknown> =>
  eventually('candidates are gathered', () => each.iceGatheringState === 'complete');

describe('werift', () => {
  it.each(['udp', 'tcp'])('talks through our relay over %s, and nowhere else', async (transport) => {
    const [from, to] = [peer(transport), peer(transport)];
    const heard: string[] = [];
    to.onDataChannel.subscribe((channel: RTCDataChannel) => {
      channel.onMessage.subscribe((text) => void channel.send(`echo ${String(text)}`));
    });
    const channel = from.createDataChannel('words');
    channel.onMessage.subscribe((text) => void heard.push(String(text)));
    await connect(from, to);
    await eventually('the channel is open', () => channel.readyState === 'open');

    const candidates = from.localDescription!.sdp.match(/^a=candidate.*$/gm) ?? [];
    expect(candidates.length).toBeGreaterThan(0);
    for (const candidate of candidates) expect(candidate).toContain('typ relay');
    for (let i = 0; i < MESSAGES; i++) channel.send(`word ${i}`);
    await eventually('every word has come back', () => heard.length === MESSAGES);
    expect(heard).toEqual(Array.from({ length: MESSAGES }, (_, i) => `echo word ${i}`));
    expect(await turn.metrics.text()).toMatch(/millrace_turn_allocations [1-9]/);
    await Promise.all([from.close(), to.close()]);
  });
});
