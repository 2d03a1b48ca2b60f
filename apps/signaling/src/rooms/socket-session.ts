// One socket from its opening to its end: waits for a join or a resume, then serves one participant. Messages are handled one
// after the other, in the order in which they came; while one is, the socket is not read.
import { TokenBucket } from '@millrace/protocol/rate';
import type { Socket } from 'node:net';
import { IdPrefix, newId } from '@millrace/domain';
import { LiveStoreError } from '@millrace/live-store';
import type { WebSocket } from 'ws';
import type { Admitted } from '../admission/admission-control.ts';
import { SignalingSocket } from '../admission/signaling-socket.ts';
import type { SocketEnd } from '../admission/signaling-socket.ts';
import type { CheckedMessage } from '../messages/client-messages.ts';
import { parseClientMessage } from '../messages/parse-client-message.ts';
import { CloseCode, SignalingError } from '../messages/signaling-errors.ts';
import { issueIceServers } from './issue-ice-servers.ts';
import { authorize, checkVersion, joinRoom } from './join-room.ts';
import { handleRequest } from './participant-requests.ts';
import { resumePlace } from './resume-place.ts';
import type { RoomsContext } from './rooms-context.ts';
import type { SeatedParticipant } from './seated-participant.ts';

/** After these a client may go on: it is told and asked for something else. */
const MAX_RESUME_ATTEMPTS = 3;

export class SocketSession {
  readonly socket: SignalingSocket;
  readonly #context: RoomsContext;
  readonly #budget: TokenBucket;
  /** Of what is no message: a newer client may say things that this server does not know, a broken one says nothing else. */
  readonly #badBudget: TokenBucket;
  readonly #openedAtMs = performance.now();
  readonly #ended: (session: SocketSession, reason: SocketEnd) => void;
  #waiting: string[] = [];
  #busy = false;
  #seated: SeatedParticipant | undefined;
  #resumeAttempts = 0;

  constructor(
    context: RoomsContext,
    ws: WebSocket,
    connection: Socket,
    admitted: Admitted,
    ended: (session: SocketSession, reason: SocketEnd) => void,
  ) {
    const { settings, metrics } = context;
    this.#context = context;
    this.#ended = ended;
    this.#budget = new TokenBucket(settings.signalingMessagesPerSecond, settings.signalingMessageBurst, () =>
      performance.now(),
    );
    this.#badBudget = new TokenBucket(
      settings.signalingBadMessagesPerMinute / 60,
      settings.signalingBadMessageBurst,
      () => performance.now(),
    );
    const limits = {
      maxUnsentBytes: settings.signalingMaxUnsentBytes,
      maxUnjoinedBytes: settings.signalingMaxUnjoinedBytes,
    };
    this.socket = new SignalingSocket(ws, connection, admitted, limits, {
      received: (text) => this.#receive(text),
      mayPing: () => this.#spend(),
      sent: () => metrics.sent.inc(),
      toldError: (code) => metrics.errors.inc({ code }),
      closed: (reason) => void this.#close(reason),
    });
  }

  get hasJoined(): boolean {
    return this.#seated !== undefined;
  }

  /** Called every now and then: ends what takes too long, and asks who is silent. */
  tick(): void {
    const { signalingPingMs, signalingJoinMs } = this.#context.settings;
    const { silentMs } = this.socket;
    if (silentMs > 2 * signalingPingMs) return this.socket.cut('silent');
    if (silentMs > signalingPingMs) this.socket.ping();
    this.#seated?.tick(Date.now());
    if (this.#seated === undefined && performance.now() - this.#openedAtMs > signalingJoinMs)
      this.socket.fail(new SignalingError('timeout'));
  }

  /** Asks the client to resume elsewhere. */
  goAway(): void {
    this.socket.send({ type: 'go_away', reason: 'draining' });
    if (this.#seated === undefined) this.socket.close(CloseCode.goingAway, 'drained');
  }

  #receive(text: string): void {
    if (!this.#spend()) return;
    this.#waiting.push(text);
    if (!this.#busy) void this.#work();
  }

  #spend(): boolean {
    if (this.#budget.take()) return true;
    this.socket.fail(new SignalingError('rate_limited'));
    return false;
  }

  async #work(): Promise<void> {
    this.#busy = true;
    this.socket.pause();
    for (let text = this.#waiting.shift(); text !== undefined; text = this.#waiting.shift()) {
      if (!this.socket.isOpen) break;
      await this.#handle(text);
    }
    this.#waiting = [];
    this.#busy = false;
    this.socket.resume();
  }

  async #handle(text: string): Promise<void> {
    const parsed = parseClientMessage(text);
    if ('error' in parsed) return this.#bad(parsed.error, parsed.id);
    const { message } = parsed;
    this.#context.metrics.messages.inc({ type: message.type });
    try {
      if (this.#seated === undefined) await this.#enter(message);
      else await handleRequest({ context: this.#context, socket: this.socket, seated: this.#seated }, message);
    } catch (error) {
      this.#refuse(message, asSignalingError(error, this.#context));
    }
  }

  async #enter(message: CheckedMessage): Promise<void> {
    switch (message.type) {
      case 'join':
        this.#seated = await this.#timed(() => joinRoom(this.#context, this.socket, message));
        return;
      case 'resume':
        this.#seated = await resumePlace(this.#context, this.socket, message);
        return;
      case 'probe':
        return this.#probe(message);
      case 'ping':
        return this.socket.send({ type: 'pong', ...(message.id !== undefined && { reply_to: message.id }) });
      default:
        throw new SignalingError('not_joined');
    }
  }

  async #timed(join: () => Promise<SeatedParticipant | undefined>): Promise<SeatedParticipant | undefined> {
    const { metrics } = this.#context;
    const startedMs = performance.now();
    let outcome = 'unavailable';
    try {
      const seated = await join();
      outcome = 'joined';
      return seated;
    } catch (error) {
      outcome = error instanceof SignalingError ? error.code : outcome;
      throw error;
    } finally {
      metrics.joins.inc({ outcome });
      metrics.joinSeconds.observe({ outcome }, (performance.now() - startedMs) / 1_000);
    }
  }

  async #probe({ id, version, token }: Extract<CheckedMessage, { type: 'probe' }>): Promise<void> {
    checkVersion(version);
    const { room } = await authorize(this.#context, token, this.socket.address);
    const ice = await issueIceServers(this.#context, room.tenantId, newId(IdPrefix.iceServers));
    this.socket.send({ type: 'probed', ...(id !== undefined && { reply_to: id }), ...ice });
    this.socket.close(CloseCode.normal, 'left');
  }

  /** A client that may not join is disconnected: another try costs a new socket. */
  #refuse(message: CheckedMessage, error: SignalingError): void {
    const entering = this.#seated === undefined;
    const mayGoOn = !entering || (message.type === 'resume' && ++this.#resumeAttempts < MAX_RESUME_ATTEMPTS);
    if (mayGoOn) this.socket.refuse(error, message.id);
    else this.socket.fail(error, CloseCode.policy, message.id);
  }

  #bad(error: SignalingError, id: string | undefined): void {
    if (this.#badBudget.take()) this.socket.refuse(error, id);
    else this.socket.fail(new SignalingError('too_many_errors'));
  }

  async #close(reason: SocketEnd): Promise<void> {
    this.#waiting = [];
    this.#ended(this, reason);
    await this.#seated?.detach();
  }
}

/** What the store or our own code did not manage is `unavailable`: the client may try again. */
function asSignalingError(error: unknown, { metrics, logger }: RoomsContext): SignalingError {
  if (error instanceof SignalingError) return error;
  if (error instanceof LiveStoreError) metrics.storeFailures.inc({ op: error.operation });
  else logger.error({ err: error }, 'could not handle a message');
  return new SignalingError('unavailable');
}
