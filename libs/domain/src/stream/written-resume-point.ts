// Resume points as JSON has them, in commit marks and in the live store. The release before wrote the counters of its one container
// into the point itself. What that form can express is still written in it; the name and the state of any other container are
// added to it, so that a packager of that release at least goes on with the right numbers (docs/decisions/0041).
import type { FramePosition } from '../frame/frame.ts';
import { OLDER_CONTAINER } from './older-container.ts';
import type { ContainerPoint, ContainerState, ResumePoint } from './resume-point.ts';

/** The counters that the older form has room for; the last one may be absent. */
const OLDER_COUNTERS = ['pat', 'pmt', 'video', 'audio', 'metadata'] as const;
const OPTIONAL_COUNTER = 'metadata';
const NO_COUNTERS: ContainerState = { pat: 0, pmt: 0, video: 0, audio: 0 };

const CONTAINER_NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
/** Numbers in the state of a container: a mark has room for hundreds of points. */
const MAX_STATE_NUMBERS = 16;
const STATE_NAME = /^[A-Za-z0-9]{1,32}$/;

export interface WrittenResumePoint extends Omit<ResumePoint, 'container'> {
  /** Of the older form's container; zeros for any other. */
  readonly continuity: ContainerState;
  /** Undefined where the older form says everything. */
  readonly container?: ContainerPoint;
}

/** Whether the older form says everything about a container. */
export function isOlderContainer({ name, state }: ContainerPoint): boolean {
  return name === OLDER_CONTAINER.name && readOlderCounters(state) !== undefined && !hasOtherNumbers(state);
}

/** A point as it is written. */
export function writeResumePoint({ container, ...point }: ResumePoint): WrittenResumePoint {
  if (isOlderContainer(container)) return { ...point, continuity: container.state };
  return { ...point, continuity: NO_COUNTERS, container };
}

/** @returns undefined when it is not a point, or not a whole one */
export function readResumePoint(value: unknown): ResumePoint | undefined {
  if (!isRecord(value)) return undefined;
  const { mediaSequence, discontinuitySequence, discontinuity, targetDurationSeconds, epochZeroMs, sessionId } = value;
  const { awaitsKeyframe, videoDelay90k, keySequence, partDurationMs, ladder } = value;
  const position = readPosition(value.position);
  const container = readContainer(value.container, value.continuity);
  if (!position || !container || !isCount(mediaSequence) || !isCount(discontinuitySequence)) return undefined;
  if (typeof discontinuity !== 'boolean' || typeof sessionId !== 'string') return undefined;
  if (awaitsKeyframe !== undefined && typeof awaitsKeyframe !== 'boolean') return undefined;
  if (videoDelay90k !== undefined && !isCount(videoDelay90k)) return undefined;
  if (keySequence !== undefined && !isCount(keySequence)) return undefined;
  if (partDurationMs !== undefined && (!isCount(partDurationMs) || partDurationMs === 0)) return undefined;
  if (ladder !== undefined && typeof ladder !== 'boolean') return undefined;
  if (typeof targetDurationSeconds !== 'number' || typeof epochZeroMs !== 'number') return undefined;
  return {
    position,
    mediaSequence,
    discontinuitySequence,
    discontinuity,
    container,
    targetDurationSeconds,
    ...(awaitsKeyframe === undefined ? {} : { awaitsKeyframe }),
    ...(videoDelay90k === undefined ? {} : { videoDelay90k }),
    ...(keySequence === undefined ? {} : { keySequence }),
    ...(partDurationMs === undefined ? {} : { partDurationMs }),
    ...(ladder === undefined ? {} : { ladder }),
    epochZeroMs,
    sessionId,
  };
}

function readContainer(value: unknown, continuity: unknown): ContainerPoint | undefined {
  if (value === undefined) {
    const state = readOlderCounters(continuity);
    return state === undefined ? undefined : { name: OLDER_CONTAINER.name, state };
  }
  if (!isRecord(value)) return undefined;
  const { name } = value;
  const state = readState(value.state);
  if (typeof name !== 'string' || !CONTAINER_NAME.test(name) || state === undefined) return undefined;
  return { name, state };
}

function readState(value: unknown): ContainerState | undefined {
  if (!isRecord(value)) return undefined;
  const numbers = Object.entries(value);
  if (numbers.length > MAX_STATE_NUMBERS) return undefined;
  const state: Record<string, number> = {};
  for (const [name, number] of numbers) {
    if (!STATE_NAME.test(name) || !isCount(number)) return undefined;
    state[name] = number;
  }
  return state;
}

function readOlderCounters(value: unknown): ContainerState | undefined {
  if (!isRecord(value)) return undefined;
  const counters: Record<string, number> = {};
  for (const name of OLDER_COUNTERS) {
    const counter = value[name];
    if (counter === undefined && name === OPTIONAL_COUNTER) continue;
    if (!isCount(counter)) return undefined;
    counters[name] = counter;
  }
  return counters;
}

const hasOtherNumbers = (state: ContainerState): boolean =>
  Object.keys(state).some((name) => !OLDER_COUNTERS.some((counter) => counter === name));

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function readPosition(value: unknown): FramePosition | undefined {
  if (!isRecord(value)) return undefined;
  const { epoch, sequence } = value;
  return isCount(epoch) && isCount(sequence) ? { epoch, sequence } : undefined;
}
