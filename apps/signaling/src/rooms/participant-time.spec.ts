import { UsageLedger, UsageReporter } from '@millrace/control';
import { expect, it } from 'vitest';
import { ParticipantTime } from './participant-time.ts';
import type { SeatHolder } from './seat-registry.ts';

function create() {
  const ledger = new UsageLedger();
  const time = new ParticipantTime(
    new UsageReporter({ ledger, control: { reportUsage: () => Promise.resolve(true) } }),
  );
  const counted = (): unknown => ledger.collect().map(({ tenantId, kind, amount }) => [tenantId, kind, amount]);
  return { time, counted };
}

const seatOf = (tenantId: string, participantId: string): SeatHolder => ({
  tenantId,
  seat: { participantId, term: 1 },
  roomId: 'room',
  beat: { seat: { participantId, term: 1 }, acknowledged: 0 },
  push: () => undefined,
  known: () => undefined,
  lose: () => undefined,
  detach: () => Promise.resolve(),
});

it('counts the time of each seat for its tenant, as far as it is certain', () => {
  const { time, counted } = create();
  const [one, two, other] = [seatOf('ten_a', '1'), seatOf('ten_a', '2'), seatOf('ten_b', '3')];
  for (const seat of [one, two, other]) time.began(seat, 10_000);
  expect(counted()).toEqual([]);
  for (const seat of [one, other]) time.confirmed(seat, 11_000);
  time.ended(two, 12_500);
  const first = [
    ['ten_a', 'participant_seconds', 3.5],
    ['ten_b', 'participant_seconds', 1],
  ];
  expect(counted()).toEqual(first);
  // Confirmed late and again; moved to another server some time after it was confirmed.
  time.confirmed(one, 10_500);
  time.confirmed(one, 11_000);
  time.ended(one, undefined);
  time.confirmed(two, 20_000);
  expect(counted()).toEqual(first);
});
