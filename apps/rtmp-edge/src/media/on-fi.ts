// `onFI`, with which encoders tell their system clock beside the media (Adobe Flash Media Live Encoder and those that do as it does):
// `sd` is the date, DD-MM-YYYY, and `st` the time of day, HH:MM:SS with a fraction. Neither names a time zone.
import { propertiesOf } from '@millrace/protocol/amf3';
import type { DataMessage } from '@millrace/protocol/rtmp';

const DATE = /^(\d{1,2})-(\d{1,2})-(\d{4})$/;
const TIME = /^(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?$/;
/** Time zones are multiples of a quarter of an hour from UTC, by no more than 14 hours. */
const ZONE_STEP_MS = 15 * 60_000;
const MAX_ZONE_MS = 14 * 60 * 60_000;

/**
 * @param nowMs wall clock of this edge: the encoder is taken to be in the time zone in which its clock differs least
 * @returns the encoder's clock in milliseconds since 1970; undefined for other messages, and for what is no date and time
 */
export function readEncoderTime({ name, values }: DataMessage, nowMs: number): number | undefined {
  if (name !== 'onFI') return undefined;
  const { sd, st } = propertiesOf(values[0]) ?? {};
  const date = typeof sd === 'string' ? DATE.exec(sd.trim()) : null;
  const time = typeof st === 'string' ? TIME.exec(st.trim()) : null;
  if (date === null || time === null) return undefined;
  const [day, month, year] = [Number(date[1]), Number(date[2]), Number(date[3])];
  const [hour, minute, second] = [Number(time[1]), Number(time[2]), Number(time[3])];
  const localMs =
    Date.UTC(year, month - 1, day, hour, minute, second) + Math.round(Number(`0.${time[4] ?? '0'}`) * 1_000);
  const zoneMs = Math.round((localMs - nowMs) / ZONE_STEP_MS) * ZONE_STEP_MS;
  return Math.abs(zoneMs) <= MAX_ZONE_MS ? localMs - zoneMs : localMs;
}
