// Requests on a bus where others listen and repeat: who reads them, and how often they count.
import { diffieHellman } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { GatewayKeys, KEY_PERIOD_MS, USE_KEY_FOR_MS } from './gateway-keys.ts';
import { MAX_REQUEST_AGE_MS, RequestOpener } from './request-opener.ts';
import type { OpenedRequest, RequestOpenerOptions } from './request-opener.ts';
import { SealRefused, sealRequest } from './request-sealer.ts';
import { privateKeyOf, publicKeyOf, publicKeyText } from './seal-box.ts';

const START_MS = 1_800_000_000_000;
const SECRET = 'what only gateways have';
const SUBJECT = 'millrace.ctl.publish.authorize';
const REQUEST = { key: 'mr_st_secret-of-an-encoder', app: 'live' };

/** RFC 7748, section 6.1. */
const ALICE = {
  secret: '77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a',
  public: '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a',
};
const BOB_PUBLIC = 'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f';
const SHARED = '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742';

/** A gateway with a clock in the test's hands. */
function gateway(options: Partial<RequestOpenerOptions> & { secret?: string } = {}) {
  const clock = { nowMs: START_MS };
  const nowMs = (): number => clock.nowMs;
  const keys = new GatewayKeys(options.secret ?? SECRET, nowMs);
  const opener = new RequestOpener({ keys, nowMs, ...options });
  return { clock, keys, open: (message: unknown, subject = SUBJECT) => opener.open(subject, message, true) };
}

const opened = (result: OpenedRequest) => {
  if ('refusal' in result) throw new Error(result.refusal);
  return result;
};

describe('a sealed request', () => {
  it('is read by any gateway with the secret, and its answer by the asker', async () => {
    const [asked, other] = [gateway(), gateway()];
    const exchange = sealRequest(asked.keys.published(), SUBJECT, REQUEST, START_MS);
    const { data, sealAnswer } = opened(await other.open(exchange.request));
    expect(data).toEqual(REQUEST);
    expect(exchange.openAnswer({ box: sealAnswer({ granted: true }) })).toEqual({ granted: true });
  });

  it('shows nothing of what is in it, and no two are alike', () => {
    const { keys } = gateway();
    const texts = [1, 2].map(() => JSON.stringify(sealRequest(keys.published(), SUBJECT, REQUEST, START_MS).request));
    for (const text of texts) {
      expect(text).not.toContain(REQUEST.key);
      expect(Buffer.from(text, 'base64').toString('latin1')).not.toContain(REQUEST.key);
    }
    expect(texts[0]).not.toBe(texts[1]);
  });

  it('opens for no other secret, no other subject, and not when a byte of it was changed', async () => {
    const { keys, open } = gateway();
    const { request } = sealRequest(keys.published(), SUBJECT, REQUEST, START_MS);
    const strange = { refusal: 'unreadable' };
    expect(await gateway({ secret: 'of another installation' }).open(request)).toEqual(strange);
    expect(await open(request, 'millrace.ctl.relay.authorize')).toEqual(strange);
    const box = Buffer.from(request.box, 'base64');
    for (const at of [0, 12, box.length - 1]) {
      const changed = Buffer.from(box);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      expect(await open({ ...request, box: changed.toString('base64') })).toEqual(strange);
    }
    const { from } = sealRequest(keys.published(), SUBJECT, REQUEST, START_MS).request;
    expect(await open({ ...request, from })).toEqual(strange);
    for (const message of [null, 'x', {}, { ...request, from: 'short' }, { ...request, box: '' }, { ...REQUEST }])
      expect(await open(message)).toEqual(strange);
    expect(opened(await open(request)).data).toEqual(REQUEST);
  });

  it('counts once at a gateway', async () => {
    const { keys, open, clock } = gateway();
    const { request } = sealRequest(keys.published(), SUBJECT, REQUEST, START_MS);
    opened(await open(request));
    expect(await open(request)).toEqual({ refusal: 'repeated' });
    clock.nowMs += MAX_REQUEST_AGE_MS;
    expect(await open(request)).toEqual({ refusal: 'repeated' });
    clock.nowMs += 2 * MAX_REQUEST_AGE_MS;
    expect(await open(request)).toEqual({ refusal: 'stale' });
  });

  it('counts once at all gateways together, where it changes something', async () => {
    const told = new Set<string>();
    const firstTime = async (id: string): Promise<boolean> => !told.has(id) && told.add(id).has(id);
    const [first, second] = [gateway({ firstTime }), gateway({ firstTime })];
    const { request } = sealRequest(first.keys.published(), SUBJECT, REQUEST, START_MS);
    opened(await first.open(request));
    expect(await second.open(request)).toEqual({ refusal: 'repeated' });
  });

  it('is not believed where no one can tell whether it is a repetition', async () => {
    const { keys, open } = gateway({ firstTime: () => Promise.reject(new Error('the store is away')) });
    const { request } = sealRequest(keys.published(), SUBJECT, REQUEST, START_MS);
    await expect(open(request)).rejects.toThrow('the store is away');
  });

  it('is refused when it is too old, or dated too far ahead', async () => {
    const { keys, open } = gateway();
    for (const offMs of [-MAX_REQUEST_AGE_MS - 1, MAX_REQUEST_AGE_MS + 1]) {
      const { request } = sealRequest(keys.published(), SUBJECT, REQUEST, START_MS + offMs);
      expect(await open(request)).toEqual({ refusal: 'stale' });
    }
  });

  it('is refused when too many came in a short time; the memory is free again afterwards', async () => {
    const { keys, open, clock } = gateway({ maxRemembered: 2 });
    const send = () => open(sealRequest(keys.published(), SUBJECT, REQUEST, clock.nowMs).request);
    opened(await send());
    opened(await send());
    expect(await send()).toEqual({ refusal: 'busy' });
    clock.nowMs += 2 * MAX_REQUEST_AGE_MS;
    opened(await send());
  });

  it('is answered with a refusal as an error that names it; another answer opens nothing', () => {
    const { keys } = gateway();
    const [one, other] = [1, 2].map(() => sealRequest(keys.published(), SUBJECT, REQUEST, START_MS));
    expect(() => one?.openAnswer({ refusal: 'stale' })).toThrow(SealRefused);
    expect(() => one?.openAnswer({ box: other?.request.box })).toThrow();
    expect(() => one?.openAnswer({ granted: true })).toThrow();
  });
});

describe('the key of gateways', () => {
  it('changes each hour, and opens what was sealed with the one before', async () => {
    const { keys, open, clock } = gateway();
    const before = keys.published();
    clock.nowMs += KEY_PERIOD_MS;
    const after = keys.published();
    expect(after.id).not.toBe(before.id);
    expect(after.key).not.toBe(before.key);
    expect(USE_KEY_FOR_MS).toBeLessThan(KEY_PERIOD_MS);
    opened(await open(sealRequest(before, SUBJECT, REQUEST, clock.nowMs).request));
    clock.nowMs += KEY_PERIOD_MS;
    expect(await open(sealRequest(before, SUBJECT, REQUEST, clock.nowMs).request)).toEqual({ refusal: 'unknown_key' });
    for (const id of ['', 'x', '-1', '1e99', '0.5'])
      expect(await open({ ...sealRequest(after, SUBJECT, REQUEST, clock.nowMs).request, to: id })).toMatchObject({
        refusal: expect.stringMatching(/unknown_key|unreadable/) as string,
      });
  });

  it('is made from its bytes as RFC 7748 has it (section 6.1)', () => {
    expect(publicKeyText(privateKeyOf(Buffer.from(ALICE.secret, 'hex')))).toBe(
      Buffer.from(ALICE.public, 'hex').toString('base64url'),
    );
    const shared = diffieHellman({
      privateKey: privateKeyOf(Buffer.from(ALICE.secret, 'hex')),
      publicKey: publicKeyOf(Buffer.from(BOB_PUBLIC, 'hex').toString('base64url')),
    });
    expect(shared.toString('hex')).toBe(SHARED);
    expect(() => publicKeyOf('AAAA')).toThrow(TypeError);
  });
});
