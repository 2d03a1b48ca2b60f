import type { JSX } from 'preact';
import { formatRelative, formatTime } from './format.ts';

/** A time, as far away as it is; the exact one on hover. */
export const Moment = ({ at }: { readonly at: string }): JSX.Element => (
  <time dateTime={at} title={formatTime(at)}>
    {formatRelative(Date.parse(at), Date.now())}
  </time>
);
