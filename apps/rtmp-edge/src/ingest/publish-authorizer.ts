// May this encoder publish, and what? Looks at the address, then asks the control plane.
import { isSecretKey, SecretPrefix } from '@millrace/domain';
import type { PublishClaim, PublishRefusal } from '@millrace/domain';
import { MAX_ENCODER_LENGTH } from '@millrace/control';
import type { ControlPlane } from '@millrace/control';
import { resolvePublishTarget } from '@millrace/protocol/rtmp';
import type { PublishRequest } from '@millrace/protocol/rtmp';
import type { Peer } from './peer.ts';
import type { PublishSpans } from './publish-spans.ts';
import type { WrongKeys } from './wrong-keys.ts';

export type PublishDecision =
  | { readonly granted: true; readonly claim: PublishClaim; readonly resumed: boolean }
  /** `detail`: what to tell the encoder instead of the refusal's own sentence. */
  | { readonly granted: false; readonly refusal: PublishRefusal; readonly detail?: string };

export interface PublishAuthorizerOptions {
  readonly control: ControlPlane;
  readonly wrongKeys: WrongKeys;
  readonly spans: PublishSpans;
  readonly edgeId: string;
  readonly authorizeMs: number;
  /** An address that has sent too many wrong keys came again. */
  readonly onBlocked?: () => void;
}

/** These say that the key itself does not work: what somebody who guesses would see. */
const WRONG_KEY: ReadonlySet<PublishRefusal> = new Set(['bad_key', 'key_revoked', 'key_expired']);

const isStreamKey = (text: string): boolean => isSecretKey(SecretPrefix.streamKey, text);

const BLOCKED: PublishDecision = {
  granted: false,
  refusal: 'limit_exceeded',
  detail: 'limit exceeded: too many wrong stream keys from this address; wait a minute',
};

export class PublishAuthorizer {
  readonly #options: PublishAuthorizerOptions;

  constructor(options: PublishAuthorizerOptions) {
    this.#options = options;
  }

  /** Decides within `authorizeMs`. Does not reject: where nobody can say, the refusal is `unavailable`. */
  async authorize(request: PublishRequest, peer: Peer): Promise<PublishDecision> {
    const { control, wrongKeys, spans, edgeId, authorizeMs } = this.#options;
    if (wrongKeys.isBlocked(peer.network)) {
      this.#options.onBlocked?.();
      return BLOCKED;
    }
    const { connect, streamName } = request;
    const target = resolvePublishTarget({ app: connect.app, streamName }, undefined, isStreamKey);
    if ('fault' in target) {
      if (target.fault !== 'missing-key') wrongKeys.add(peer.network, `${connect.app}/${streamName}`);
      return { granted: false, refusal: 'bad_key', detail: `bad key: ${target.description}` };
    }
    // The checksum tells a typing error, or any text that never was a key, without asking anybody.
    if (!isStreamKey(target.key)) {
      wrongKeys.add(peer.network, target.key);
      return { granted: false, refusal: 'bad_key' };
    }
    const encoder = connect.flashVer.slice(0, MAX_ENCODER_LENGTH).toWellFormed();
    const question = {
      key: target.key,
      app: target.app,
      edgeId,
      protocol: peer.protocol,
      clientAddress: peer.address,
      encoder,
    };
    const answer = await spans.ask(question, (asked) => control.authorizePublish(asked, authorizeMs));
    if (!answer.granted && WRONG_KEY.has(answer.refusal)) wrongKeys.add(peer.network, target.key);
    return answer;
  }
}
