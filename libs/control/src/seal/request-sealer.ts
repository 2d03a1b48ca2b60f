// The asker's side: seals a request to the gateway's key, and opens the answer.
import { generateKeyPairSync } from 'node:crypto';
import { exchangeKeys, openBox, publicKeyOf, publicKeyText, sealBox } from './seal-box.ts';
import { sealedAnswerSchema } from './seal-messages.ts';
import type { DatedRequest, GatewayKey, SealedRequest, SealRefusal } from './seal-messages.ts';

/** A gateway did not open a request. */
export class SealRefused extends Error {
  readonly refusal: SealRefusal;

  constructor(refusal: SealRefusal) {
    super(`the gateway could not open the request: ${refusal}`);
    this.name = 'SealRefused';
    this.refusal = refusal;
  }
}

export interface SealedExchange {
  readonly request: SealedRequest;
  /** @throws SealRefused when the gateway did not open the request, another error when this is no answer to it */
  openAnswer(answer: unknown): unknown;
}

/** @param atMs when it is sent, by the gateway's clock */
export function sealRequest(gateway: GatewayKey, subject: string, data: unknown, atMs: number): SealedExchange {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  const from = publicKeyText(publicKey);
  const keys = exchangeKeys(privateKey, publicKeyOf(gateway.key), from, gateway.key);
  const dated: DatedRequest = { atMs, data };
  return {
    request: { to: gateway.id, from, box: sealBox(keys.request, subject, dated) },
    openAnswer: (answer) => {
      const sealed = sealedAnswerSchema.parse(answer);
      if ('refusal' in sealed) throw new SealRefused(sealed.refusal);
      return openBox(keys.answer, subject, sealed.box);
    },
  };
}
