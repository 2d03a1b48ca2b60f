import type { JSX } from 'preact';

/** Drawn on a grid of 24, with strokes. */
const SHAPES = {
  streams: 'M4 6h12v12H4zM16 10l5-3v10l-5-3',
  rooms:
    'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2.500 19a5.500 5.500 0 0 1 11 0M16 11a2.500 2.500 0 1 0 0-5M16 14a5 5 0 0 1 5.500 5',
  webhooks: 'M4 12h11M11 7l5 5-5 5M20 4v16',
  events: 'M4 6h16M4 12h16M4 18h10',
  playback: 'M6 4h12v16H6zM10 9l5 3-5 3z',
  data: 'M5 6c0-1.700 3-3 7-3s7 1.300 7 3-3 3-7 3-7-1.300-7-3zM5 6v12c0 1.700 3 3 7 3s7-1.300 7-3V6M5 12c0 1.700 3 3 7 3s7-1.300 7-3',
  keys: 'M14.500 9.500a4.500 4.500 0 1 0-4 4.500L12 15.500h2v2h2v2h4v-3.500z M7.500 9h.01',
  tenants: 'M4 20V5l8-2v17M12 9l8 2v9M3 20h18M8 8v.01M8 12v.01M8 16v.01M16 14v.01M16 17v.01',
  usage: 'M5 20V11M12 20V4M19 20v-6',
  audit: 'M6 3h9l4 4v14H6zM10 11h6M10 15h6',
  users: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.500 20.500a7.500 7.500 0 0 1 15 0',
  account: 'M12 3l8 3v6c0 5-3.500 8-8 9-4.500-1-8-4-8-9V6z',
  plus: 'M12 5v14M5 12h14',
  search: 'M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13zM15.500 15.500 20.500 20.500',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  check: 'M5 12.500l4.500 4.500L19 7.500',
  close: 'M6 6l12 12M18 6 6 18',
  menu: 'M4 7h16M4 12h16M4 17h16',
  back: 'M15 5l-7 7 7 7',
  warning: 'M12 4 2.500 20h19zM12 10v4M12 17v.01',
  info: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5M12 8v.01',
  open: 'M14 4h6v6M20 4l-9 9M18 14v6H4V6h6',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2v2M12 20v2M4.900 4.900l1.400 1.400M17.700 17.700l1.400 1.400M2 12h2M20 12h2M4.900 19.100l1.400-1.400M17.700 6.300l1.400-1.400',
  moon: 'M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500z',
  system: 'M3 5h18v11H3zM9 20h6M12 16v4',
  logout: 'M14 4H5v16h9M10 12h11M17 8l4 4-4 4',
  trash: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13',
} as const;

export type IconName = keyof typeof SHAPES;

/** Decoration: the text beside it, or the label of its button, says what it means. */
export const Icon = ({ name }: { readonly name: IconName }): JSX.Element => (
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
    <path d={SHAPES[name]} />
  </svg>
);
