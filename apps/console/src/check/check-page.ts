// The check page's own program: one hop after the other, each with its result as text and in milliseconds.
import { checkNat, checkRelay, checkSignaling, checkStun, openWebSocket, systemClock } from '@millrace/rooms-client';
import type { HopResult, IceServer } from '@millrace/rooms-client';
import { loadConsoleConfig } from '../page/console-config.ts';
import { create, element } from '../page/element.ts';
import { readJoinAddress, tokenIn } from '../page/join-address.ts';
import { HOP_NAMES, HOPS, hopWords, natWords, verdictWords } from './check-words.ts';
import type { Hop } from './check-words.ts';

const input = element<HTMLInputElement>('token');
const run = element<HTMLButtonElement>('run');
const verdict = element('verdict');
const nat = element('nat');
const lines = new Map<Hop, { line: HTMLElement; words: HTMLElement; time: HTMLElement }>();

for (const hop of HOPS) {
  const [line, words, time] = [create('li'), create('p', '', 'Not checked yet.'), create('time', '', '')];
  line.dataset['hop'] = hop;
  line.append(create('i'), create('b', '', HOP_NAMES[hop]), time, words);
  element('hops').append(line);
  lines.set(hop, { line, words, time });
}

function show(hop: Hop, state: 'running' | 'ok' | 'failed' | 'skipped', words: string, ms?: number): void {
  const line = lines.get(hop);
  if (line === undefined) return;
  line.line.dataset['result'] = state;
  line.words.textContent = words;
  line.time.textContent = ms === undefined ? '' : `${Math.round(ms)} ms`;
}

async function test(hop: Hop, check: () => Promise<HopResult>): Promise<HopResult> {
  show(hop, 'running', 'Checking…');
  const result = await check();
  const state = result.ok ? 'ok' : result.problem === 'not_offered' ? 'skipped' : 'failed';
  show(hop, state, hopWords(hop, result), result.ms);
  return result;
}

async function testSignaling(token: string): Promise<{ result: HopResult; iceServers: readonly IceServer[] }> {
  try {
    const { signalingUrl: url } = await loadConsoleConfig();
    return await checkSignaling({ url, token, clock: systemClock, openSocket: openWebSocket });
  } catch (error) {
    return { result: { ok: false, ms: 0, problem: 'no_answer', detail: String(error) }, iceServers: [] };
  }
}

async function checkAll(token: string): Promise<void> {
  verdict.textContent = 'Checking…';
  nat.textContent = '';
  let iceServers: readonly IceServer[] = [];
  const websocket = await test('websocket', async () => {
    const answer = await testSignaling(token);
    iceServers = answer.iceServers;
    return answer.result;
  });
  if (!websocket.ok) {
    for (const hop of HOPS.slice(1))
      show(hop, 'skipped', 'Not checked: the first hop provides the addresses of the others.');
    verdict.textContent = 'Calls do not work from here';
    return;
  }
  // One after the other: each has the network to itself, so that the times say something.
  const stun = await test('stun', () => checkStun(iceServers, systemClock));
  nat.textContent = 'Checking what kind of NAT there is…';
  nat.textContent = natWords(await checkNat(iceServers, systemClock));
  const udp = await test('udp', () => checkRelay(iceServers, 'udp', systemClock));
  const tcp = await test('tcp', () => checkRelay(iceServers, 'tcp', systemClock));
  const tls = await test('tls', () => checkRelay(iceServers, 'tls', systemClock));
  verdict.textContent = verdictWords({ websocket, stun, udp, tcp, tls });
}

async function start(): Promise<void> {
  const token = tokenIn(input.value);
  if (token === '') {
    verdict.textContent = 'Paste your link into a room first';
    return input.focus();
  }
  run.disabled = true;
  document.body.dataset['state'] = 'running';
  try {
    await checkAll(token);
  } finally {
    run.disabled = false;
    document.body.dataset['state'] = 'done';
  }
}

element<HTMLFormElement>('check-form').addEventListener('submit', (event) => {
  event.preventDefault();
  void start();
});
input.value = readJoinAddress(new URL(location.href)).token;
if (input.value !== '') void start();
