// A participant's join token, kept fresh while it is in the room: who is away for longer than the resume window must be able to
// join again, however long ago the first token has expired.
import type { Admission, ParticipantProfile } from '@millrace/domain';
import type { SignalingSocket } from '../admission/signaling-socket.ts';
import type { RoomsContext } from './rooms-context.ts';

/** Beyond the resume window so much is left of a token when the first fresh one is made. */
const SPARE_MS = 150_000;
/** After an answer that could not be had. */
const RETRY_MS = 10_000;

interface RenewalContext {
  readonly control: Pick<RoomsContext['control'], 'renewToken'>;
  readonly settings: Pick<RoomsContext['settings'], 'roomResumeMs' | 'signalingAuthorizeMs'>;
}

export class TokenRenewal {
  readonly #context: RenewalContext;
  readonly #socket: Pick<SignalingSocket, 'send'>;
  readonly #profile: ParticipantProfile;
  /** Undefined: there will be none, or one is on its way. */
  #dueAtMs: number | undefined;
  #stopped = false;

  constructor(context: RenewalContext, socket: Pick<SignalingSocket, 'send'>, profile: ParticipantProfile) {
    this.#context = context;
    this.#socket = socket;
    this.#profile = profile;
    this.#dueAtMs = profile.admission === undefined ? undefined : this.#firstDue(profile.admission);
  }

  /** Called every now and then. */
  tick(nowMs: number): void {
    if (this.#stopped || this.#dueAtMs === undefined || nowMs < this.#dueAtMs) return;
    this.#dueAtMs = undefined;
    void this.#renew(nowMs);
  }

  stop(): void {
    this.#stopped = true;
  }

  #firstDue({ expiresAtMs }: Admission): number {
    return expiresAtMs - this.#aheadMs;
  }

  get #aheadMs(): number {
    return this.#context.settings.roomResumeMs + SPARE_MS;
  }

  /** The control plane answers `unavailable` rather than fail. */
  async #renew(nowMs: number): Promise<void> {
    const { control, settings } = this.#context;
    const { tenantId, roomId, participantId } = this.#profile;
    const request = { tenantId, roomId, participantId, resumeWindowMs: settings.roomResumeMs };
    const answer = await control.renewToken(request, settings.signalingAuthorizeMs);
    if (this.#stopped) return;
    if (answer.granted) {
      const { token, expiresAtMs } = answer;
      this.#socket.send({ type: 'token', token, expires_at: new Date(expiresAtMs).toISOString() });
      // Half of its time: a client that drops at any moment has the other half to come back.
      this.#dueAtMs = (nowMs + expiresAtMs) / 2;
    } else if (answer.refusal === 'unavailable') this.#dueAtMs = nowMs + RETRY_MS;
  }
}
