// RFC 8656 section 18.10: RESERVATION-TOKEN.
import { stunAttribute } from '../attribute.ts';
import { fixedBytes } from './fixed-bytes.ts';

export const RESERVATION_TOKEN_BYTES = 8;

/** Stands for a port that EVEN-PORT had reserved. A view when read. */
export const ReservationToken = stunAttribute<Uint8Array>(
  'RESERVATION-TOKEN',
  0x0022,
  ...fixedBytes(RESERVATION_TOKEN_BYTES),
);
