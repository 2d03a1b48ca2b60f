// RTMP 1.0 sections 5.4.3 to 5.4.5 (protocol control messages) and 7.1.7 (user control messages).
import { ProtocolError } from '../../bytes/index.ts';
import { decodeAcknowledgement } from '../message/acknowledgement.ts';
import { MessageType } from '../message/message-type.ts';
import { PeerBandwidthLimit, decodeSetPeerBandwidth } from '../message/set-peer-bandwidth.ts';
import { decodeUserControl } from '../message/user-control.ts';
import {
  decodeWindowAcknowledgementSize,
  encodeWindowAcknowledgementSize,
} from '../message/window-acknowledgement-size.ts';
import type { Acknowledger } from './acknowledger.ts';
import type { MessageSender } from './message-sender.ts';
import type { TokenBucket } from '../../rate/token-bucket.ts';

/** Obeys and answers the control messages that do not change how chunks are read. Either side uses it. */
export class ControlResponder {
  readonly #sender: MessageSender;
  readonly #acknowledger: Acknowledger;
  readonly #replies: TokenBucket;
  /** The window this side named last. */
  #ownWindow: number;
  /** Whether the last bandwidth message that was obeyed was hard. */
  #limitIsHard = false;
  /** The last sequence number the peer acknowledged; undefined before the first. */
  acknowledged: number | undefined = undefined;

  constructor(sender: MessageSender, acknowledger: Acknowledger, replies: TokenBucket, ownWindow: number) {
    this.#sender = sender;
    this.#acknowledger = acknowledger;
    this.#replies = replies;
    this.#ownWindow = ownWindow;
  }

  /** Handles one message. False when it is broken, unknown, or one answer too many. */
  message(type: number, payload: Buffer): boolean {
    try {
      return this.#obey(type, payload);
    } catch (error) {
      // Nothing that follows depends on these messages, and some encoders get them wrong.
      if (!(error instanceof ProtocolError)) throw error;
      return false;
    }
  }

  #obey(type: number, payload: Buffer): boolean {
    switch (type) {
      case MessageType.acknowledgement:
        this.acknowledged = decodeAcknowledgement(payload);
        return true;
      case MessageType.windowAcknowledgementSize:
        this.#acknowledger.setWindow(decodeWindowAcknowledgementSize(payload));
        return true;
      case MessageType.setPeerBandwidth:
        return this.#peerBandwidth(payload);
      case MessageType.userControl:
        return this.#userControl(payload);
      default:
        return false;
    }
  }

  /**
   * RTMP 1.0 section 5.4.5: "The peer receiving this message SHOULD respond with a Window Acknowledgement Size message if
   * the window size is different from the last one sent". Hard: the window named; soft: "or the limit already in effect,
   * whichever is smaller"; dynamic: "If the previous Limit Type was Hard, treat this message as though it was marked Hard,
   * otherwise ignore this message."
   */
  #peerBandwidth(payload: Buffer): boolean {
    const { windowSize, limit } = decodeSetPeerBandwidth(payload);
    if (limit === PeerBandwidthLimit.dynamic && !this.#limitIsHard) return true;
    this.#limitIsHard = limit !== PeerBandwidthLimit.soft;
    const window = this.#limitIsHard ? windowSize : Math.min(windowSize, this.#ownWindow);
    if (window === this.#ownWindow) return true;
    if (!this.#replies.take()) return false;
    this.#ownWindow = window;
    this.#sender.control(MessageType.windowAcknowledgementSize, encodeWindowAcknowledgementSize(window));
    return true;
  }

  #userControl(payload: Buffer): boolean {
    const control = decodeUserControl(payload);
    if (control.event !== 'pingRequest') return control.event !== 'unknown';
    if (!this.#replies.take()) return false;
    this.#sender.userControl({ event: 'pingResponse', timestamp: control.timestamp });
    return true;
  }
}
