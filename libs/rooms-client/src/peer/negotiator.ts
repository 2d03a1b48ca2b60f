// Perfect negotiation (W3C WebRTC §10.7): both sides may offer at any time; when both do, the polite one takes its offer back.
// Beyond it, an offer that stays unanswered is said again: the socket of either side may have dropped with the answer.
import type { ClientClock } from '../clock.ts';
import type { Candidate } from '../messages.ts';

export type NegotiationMessage =
  | { readonly type: 'offer' | 'answer'; readonly sdp: string }
  | { readonly type: 'candidate'; readonly candidate: Candidate }
  | { readonly type: 'end_of_candidates' };

export interface NegotiatorOptions {
  readonly connection: RTCPeerConnection;
  readonly polite: boolean;
  readonly clock: ClientClock;
  readonly send: (message: NegotiationMessage) => void;
  /** What has to be done between the other side's offer and the answer to it. */
  readonly beforeAnswer: () => Promise<void>;
  readonly failed: (error: unknown) => void;
}

const REPEAT_OFFER_MS = 5_000;
const LONGEST_REPEAT_MS = 30_000;
const GATHERING_PATIENCE_MS = 1_000;
/** The server passes on as many for each description. */
const MAX_EARLY_CANDIDATES = 128;

export class Negotiator {
  readonly #options: NegotiatorOptions;
  #makingOffer = false;
  #ignoringOffer = false;
  #settingAnswer = false;
  #received: Promise<void> = Promise.resolve();
  #cancelRepeat: (() => void) | undefined;
  #closed = false;
  #hasGathered = false;
  /** Came before any description: some agents send candidates while their offer is still being made. */
  #early: (Candidate | undefined)[] = [];

  constructor(options: NegotiatorOptions) {
    this.#options = options;
    const { connection } = options;
    connection.onnegotiationneeded = () => void this.#offer();
    connection.onicecandidate = ({ candidate }) => {
      this.#hasGathered = true;
      this.#sendCandidate(candidate);
    };
    connection.onsignalingstatechange = () => {
      if (connection.signalingState !== 'have-local-offer') this.#cancelRepeat?.();
    };
  }

  /** Messages take effect one after the other, in the order in which they came. */
  receive(message: NegotiationMessage): Promise<void> {
    this.#received = this.#received.then(() => (this.#closed ? undefined : this.#take(message))).catch(this.#fail);
    return this.#received;
  }

  close(): void {
    this.#closed = true;
    this.#cancelRepeat?.();
    const { connection } = this.#options;
    connection.onnegotiationneeded = connection.onicecandidate = connection.onsignalingstatechange = null;
  }

  readonly #fail = (error: unknown): void => {
    if (!this.#closed) this.#options.failed(error);
  };

  async #offer(): Promise<void> {
    const { connection } = this.#options;
    try {
      this.#makingOffer = true;
      await connection.setLocalDescription();
      // Rolled back meanwhile: the answer to the other side's offer has gone instead.
      if (connection.localDescription?.type === 'offer') this.#sendOffer(REPEAT_OFFER_MS);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#makingOffer = false;
    }
  }

  #sendOffer(repeatMs: number): void {
    const { connection, clock, send } = this.#options;
    const { localDescription } = connection;
    if (this.#closed || localDescription === null) return;
    send({ type: 'offer', sdp: localDescription.sdp });
    this.#cancelRepeat?.();
    this.#cancelRepeat = clock.after(repeatMs, () => {
      if (connection.signalingState === 'have-local-offer') this.#sendOffer(Math.min(repeatMs * 2, LONGEST_REPEAT_MS));
    });
  }

  async #take(message: NegotiationMessage): Promise<void> {
    switch (message.type) {
      case 'offer':
      case 'answer':
        return this.#takeDescription(message.type, message.sdp);
      case 'candidate':
        return this.#takeCandidate(message.candidate);
      case 'end_of_candidates':
        return this.#takeCandidate(undefined);
    }
  }

  async #takeDescription(type: 'offer' | 'answer', sdp: string): Promise<void> {
    const { connection, polite, send, beforeAnswer } = this.#options;
    // The answer to an offer that was said twice comes twice.
    if (type === 'answer' && connection.signalingState !== 'have-local-offer') return;
    const ready = !this.#makingOffer && (connection.signalingState === 'stable' || this.#settingAnswer);
    this.#ignoringOffer = !polite && type === 'offer' && !ready;
    if (this.#ignoringOffer) return;
    if (!ready && type === 'offer') await this.#untilGathering();
    this.#settingAnswer = type === 'answer';
    try {
      await connection.setRemoteDescription({ type, sdp });
    } finally {
      this.#settingAnswer = false;
    }
    for (const candidate of this.#early.splice(0)) await this.#takeCandidate(candidate);
    if (type === 'answer') return;
    await beforeAnswer();
    await connection.setLocalDescription();
    if (connection.localDescription !== null) send({ type: 'answer', sdp: connection.localDescription.sdp });
  }

  /** Chromium that rolls an offer back before it has found its first candidate finds none for what comes instead. */
  #untilGathering(): Promise<void> {
    const { connection, clock } = this.#options;
    return new Promise((resolve) => {
      const settle = (): void => {
        cancel();
        connection.removeEventListener('icecandidate', settle);
        resolve();
      };
      const cancel = clock.after(GATHERING_PATIENCE_MS, settle);
      connection.addEventListener('icecandidate', settle);
      if (this.#hasGathered) settle();
    });
  }

  async #takeCandidate(candidate: Candidate | undefined): Promise<void> {
    const { connection } = this.#options;
    if (connection.remoteDescription === null) {
      if (this.#early.length < MAX_EARLY_CANDIDATES) this.#early.push(candidate);
      return;
    }
    if (isOfOtherDescription(candidate, connection.remoteDescription.sdp)) return;
    try {
      await connection.addIceCandidate(candidate);
    } catch (error) {
      // Candidates of an offer that was ignored fit nothing here.
      if (!this.#ignoringOffer) throw error;
    }
  }

  #sendCandidate(candidate: RTCIceCandidate | null): void {
    // An empty text ends one generation of candidates, null all of them.
    if (candidate === null) this.#options.send({ type: 'end_of_candidates' });
    else if (candidate.candidate !== '') this.#options.send({ type: 'candidate', candidate: toCandidate(candidate) });
  }
}

/** Of an offer that was lost or ignored: the one that came instead has another user name fragment (RFC 8839 section 5.4). */
function isOfOtherDescription(candidate: Candidate | undefined, sdp: string): boolean {
  const ufrag = candidate?.usernameFragment ?? undefined;
  return ufrag !== undefined && ufrag !== '' && !sdp.split(/\r?\n/).includes(`a=ice-ufrag:${ufrag}`);
}

const toCandidate = ({ candidate, sdpMid, sdpMLineIndex, usernameFragment }: RTCIceCandidate): Candidate => ({
  candidate,
  sdpMid,
  sdpMLineIndex,
  usernameFragment,
});
