import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { newWebhookSecret, signatureHeaders } from './webhook-signature.ts';

describe('signatureHeaders', () => {
  // The first is that of the tests of every Standard Webhooks library, the second that of the documentation of Svix.
  it.each([
    [
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      1_614_265_330,
      '{"test": 2432232314}',
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    ],
    [
      'msg_loFOjxBNrRLzqYUf',
      1_731_705_121,
      '{"event_type":"ping","data":{"success":true}}',
      'whsec_plJ3nmyCDGBKInavdOK15jsl',
      'v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=',
    ],
  ])('signs as the published vector %s', (id, timestamp, body, secret, signature) => {
    expect(signatureHeaders(id, timestamp * 1_000 + 999, body, [secret])).toEqual({
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signature,
    });
    // Space-separated while secrets rotate, the new one first.
    const rotating = signatureHeaders(id, timestamp * 1_000, body, [newWebhookSecret(), secret])['webhook-signature'];
    expect(rotating.split(' ')).toEqual([expect.stringMatching(/^v1,/), signature]);
  });

  it('is verified by the reference library with each secret in force, and with no other', () => {
    const secrets = [newWebhookSecret(), newWebhookSecret()];
    const body = JSON.stringify({ text: 'ä \u{1f600}' });
    const headers = signatureHeaders('evt_1', Date.now(), body, secrets);
    for (const secret of secrets) expect(new Webhook(secret).verify(body, headers)).toEqual({ text: 'ä \u{1f600}' });
    expect(() => new Webhook(newWebhookSecret()).verify(body, headers)).toThrow('No matching signature');
    expect(() => new Webhook(secrets[0]!).verify(`${body} `, headers)).toThrow('No matching signature');
  });

  it('uses secrets of 32 random bytes', () => {
    expect(newWebhookSecret()).toMatch(/^whsec_[0-9A-Za-z+/]{43}=$/);
    expect(newWebhookSecret()).not.toBe(newWebhookSecret());
  });
});
