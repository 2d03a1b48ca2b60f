import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { DISCONNECTED_PATIENCE_MS, FAILED_AFTER_MS, PathRecovery, POLITE_DELAY_MS } from './path-recovery.ts';

let clock: FakeClock;
let restarts: number[];
let states: string[];

beforeEach(() => {
  clock = new FakeClock(0);
  restarts = [];
  states = [];
});

const recovery = (polite = false): PathRecovery =>
  new PathRecovery({
    clock,
    random: () => 1,
    polite,
    restart: () => restarts.push(clock.now()),
    changed: (state) => states.push(state),
  });

describe('PathRecovery', () => {
  it('restarts a failed path at once, then with growing pauses, until it connects', () => {
    const path = recovery();
    path.observe('connected');
    clock.advance(1_000);
    path.observe('failed');
    clock.advance(30_000);
    expect(restarts).toEqual([1_000, 5_000, 13_000, 29_000]);
    path.observe('connected');
    clock.advance(600_000);
    expect(restarts).toHaveLength(4);
    expect(states).toEqual(['connected', 'recovering', 'failed', 'connected']);
    expect(clock.waiting).toBe(0);
  });

  it('does not lose its pace when restarts fail at once', () => {
    const path = recovery();
    path.observe('connected');
    path.observe('failed');
    for (let i = 0; i < 20; i++) {
      clock.advance(200);
      path.observe('failed');
    }
    expect(restarts).toEqual([0, 4_000]);
  });

  it('gives a disconnected path time to heal by itself', () => {
    const path = recovery();
    path.observe('connected');
    path.observe('disconnected');
    clock.advance(DISCONNECTED_PATIENCE_MS - 1);
    path.observe('connected');
    clock.advance(60_000);
    expect(restarts).toEqual([]);
    expect(states).toEqual(['connected', 'recovering', 'connected']);
  });

  it('lets the impolite side begin', () => {
    const path = recovery(true);
    path.observe('connected');
    path.observe('failed');
    clock.advance(POLITE_DELAY_MS - 1);
    expect(restarts).toEqual([]);
    clock.advance(1);
    expect(restarts).toHaveLength(1);
  });

  it('says so when there never was a path, and goes on trying', () => {
    recovery().answered();
    clock.advance(FAILED_AFTER_MS);
    expect(states).toEqual(['failed']);
    clock.advance(60_000);
    expect(restarts.length).toBeGreaterThan(2);
  });

  it('blames no network while the other side has not answered', () => {
    const path = recovery();
    clock.advance(FAILED_AFTER_MS);
    path.answered();
    path.answered();
    clock.advance(FAILED_AFTER_MS - 1);
    expect(states).toEqual(['unanswered', 'connecting']);
    clock.advance(1);
    expect(states).toEqual(['unanswered', 'connecting', 'failed']);
  });

  it('tries at once when the network changes, unless all is well', () => {
    const path = recovery();
    path.observe('connected');
    path.hurry();
    clock.advance(60_000);
    expect(restarts).toEqual([]);
    path.observe('disconnected');
    path.hurry();
    clock.advance(0);
    expect(restarts).toHaveLength(1);
  });

  it('stops with its connection', () => {
    const path = recovery();
    path.observe('failed');
    path.stop();
    clock.advance(600_000);
    expect([restarts, states, clock.waiting]).toEqual([[], [], 0]);
  });
});
