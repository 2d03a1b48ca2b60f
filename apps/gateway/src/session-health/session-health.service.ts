import { Inject, Injectable } from '@nestjs/common';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { notFound, ownedBy } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import { timeText } from '../http/fields.ts';
import { ProblemError } from '../http/problem-error.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { SessionEntity } from '../sessions/session.entity.ts';
import { beginningOfStep, FIVE_MINUTES_SECONDS, joinSteps, MINUTE_SECONDS, stepOfSample } from './health-steps.ts';
import type { HealthStep } from './health-steps.ts';
import { SessionHealthTable } from './session-health-table.ts';
import { FINEST_STEP_SECONDS, MAX_SAMPLES, writeSample } from './session-health.dto.ts';
import type { SessionHealthAnswer, SessionHealthQuery } from './session-health.dto.ts';

const MS = 1_000;
const HOUR_MS = 3_600 * MS;
/** How far back the live store reaches. */
const LIVE_MS = 3 * HOUR_MS;

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

@Injectable()
export class SessionHealthService {
  constructor(
    private readonly database: Database,
    private readonly table: SessionHealthTable,
    @Inject(LIVE_STORE) private readonly store: LiveStore,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  async read(caller: Principal, id: string, query: SessionHealthQuery): Promise<SessionHealthAnswer> {
    const where = { id, ...ownedBy(caller) };
    const session = await this.database.run((manager) => manager.findOneBy(SessionEntity, where));
    if (session === null) throw notFound();
    const nowMs = Date.now();
    const span = spanOf(query, session, nowMs);
    const stepSeconds = this.#stepOf(query.step, span, nowMs);
    const steps =
      stepSeconds < MINUTE_SECONDS ? await this.#measuredWithViewers(id, span) : await this.#written(id, span);
    return {
      session_id: id,
      from: timeText(new Date(span.fromMs)),
      to: timeText(new Date(span.toMs)),
      step_seconds: stepSeconds,
      samples: joinSteps(steps, stepSeconds).map(writeSample),
    };
  }

  /** @throws ProblemError when the step that is asked for makes too many samples */
  #stepOf(asked: number | undefined, { fromMs, toMs }: Span, nowMs: number): number {
    const ageMs = nowMs - fromMs;
    const isLive = ageMs <= LIVE_MS;
    const isByMinute = ageMs <= this.settings.sessionHealthMinuteRetentionMs;
    const kept = isLive ? FINEST_STEP_SECONDS : isByMinute ? MINUTE_SECONDS : FIVE_MINUTES_SECONDS;
    const fewest = Math.ceil((toMs - fromMs) / MS / MAX_SAMPLES);
    if (asked === undefined) return Math.max(kept, roundUp(fewest, kept));
    // A minute is made of whole steps, and whole minutes make up a step.
    const step = asked <= kept ? kept : roundUp(asked, kept);
    if (step < fewest) throw tooManySamples(fewest);
    return step;
  }

  /** @throws LiveStoreError */
  async #measured(id: string, { fromMs, toMs }: Span): Promise<HealthStep[]> {
    const [samples = []] = await this.store.readHealth([id], fromMs, toMs);
    return samples.map(stepOfSample);
  }

  /** How many watched is known by the minute: each of its samples has that number. */
  async #measuredWithViewers(id: string, span: Span): Promise<HealthStep[]> {
    const measured = await this.#measured(id, span);
    const from = new Date(beginningOfStep(span.fromMs, MINUTE_SECONDS));
    const minutes = await this.table.read(id, from, new Date(span.toMs));
    const viewers = new Map(minutes.map((minute) => [minute.atMs, minute.viewers]));
    return measured.map((step) => ({
      ...step,
      viewers: viewers.get(beginningOfStep(step.atMs, MINUTE_SECONDS)) ?? null,
    }));
  }

  /** What is in the database, and what is to come into it. */
  async #written(id: string, { fromMs, toMs }: Span): Promise<HealthStep[]> {
    const written = await this.table.read(id, new Date(fromMs), new Date(toMs));
    const until = await this.table.progressOf(MINUTE_SECONDS);
    const unwrittenMs = Math.max(fromMs, until?.getTime() ?? fromMs);
    if (unwrittenMs >= toMs) return written;
    // Without the live store the newest minutes are missing, and the rest is not.
    const measured = await this.#measured(id, { fromMs: unwrittenMs, toMs }).catch(() => []);
    return [...written, ...measured];
  }
}

function spanOf({ from, to }: SessionHealthQuery, session: SessionEntity, nowMs: number): Span {
  const begunMs = session.startedAt.getTime();
  const overMs = session.endedAt?.getTime() ?? nowMs;
  const toMs = to === undefined ? overMs : Date.parse(to);
  const fromMs = from === undefined ? Math.max(begunMs, toMs - HOUR_MS) : Date.parse(from);
  if (from !== undefined && fromMs > toMs)
    throw new ProblemError('invalid_request', 'The request is invalid; `errors` lists the problems.', {
      errors: [{ pointer: '?from', detail: 'must not be after `to`' }],
    });
  // Outside of the session there is nothing: a step is not made longer for it.
  const clamp = (ms: number): number => Math.min(Math.max(ms, begunMs), overMs);
  return { fromMs: clamp(fromMs), toMs: clamp(toMs) };
}

const roundUp = (seconds: number, to: number): number => Math.ceil(seconds / to) * to;

const tooManySamples = (fewest: number): ProblemError =>
  new ProblemError('invalid_request', 'The request is invalid; `errors` lists the problems.', {
    errors: [{ pointer: '?step', detail: `must be at least ${fewest}, for at most ${MAX_SAMPLES} samples` }],
  });
