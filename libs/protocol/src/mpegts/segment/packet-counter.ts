// The first pass over a segment: how many packets it will have.
import { TS_PAYLOAD_BYTES } from '../packet.ts';
import { pesHeaderBytes } from '../pes.ts';
import type { PesPlan } from './pes-plan.ts';
import type { PacketSink } from './schedule.ts';

/** Bytes of an adaptation field with a PCR, and of one with flags only. */
export const PCR_FIELD_BYTES = 8;
export const FLAGS_FIELD_BYTES = 2;

/** What the adaptation field of a PES packet's first transport packet needs at least. */
export function firstFieldBytes(plan: PesPlan, withPcr: boolean): number {
  return withPcr ? PCR_FIELD_BYTES : plan.randomAccess ? FLAGS_FIELD_BYTES : 0;
}

/** Bytes of a PES packet, header and data. */
export function pesBytes(plan: PesPlan): number {
  return pesHeaderBytes(plan.pts90k !== plan.dts90k) + plan.dataBytes;
}

export class PacketCounter implements PacketSink {
  packets = 0;

  tables(): void {
    this.packets += 2;
  }

  clock(): void {
    this.packets++;
  }

  pes(plan: PesPlan, withPcr: boolean): void {
    this.packets += Math.ceil((firstFieldBytes(plan, withPcr) + pesBytes(plan)) / TS_PAYLOAD_BYTES);
  }
}
