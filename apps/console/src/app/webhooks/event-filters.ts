import { texts } from '../texts.ts';

/** “Everything”, “Live streams, Rooms”: types that are named one by one are written as they are. */
export const describeFilters = (filters: readonly string[]): string =>
  filters
    .map((filter) =>
      filter === '*' ? texts.webhooks.everything : (texts.webhooks.ofResource[resourceOf(filter)] ?? filter),
    )
    .join(', ');

const resourceOf = (filter: string): string => (filter.endsWith('.*') ? filter.slice(0, -2) : '');
