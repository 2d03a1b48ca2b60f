import type { PlatformEvent } from '../api/resources.ts';

/** “Live stream: rejected”, from `live_stream.rejected`: types that a later release adds read well too. */
export function describeEventType(type: string): string {
  const [resource = '', what = ''] = type.replaceAll('_', ' ').split('.');
  return `${resource.charAt(0).toUpperCase()}${resource.slice(1)}: ${what}`;
}

/** The name of what an event is about, and why it happened where the event says so. */
export function aboutEvent({ data: { object } }: Pick<PlatformEvent, 'data'>): string {
  const name = textOr(object['name'], textOr(object['url'], textOr(object['id'], '')));
  const warning = object['warning'] as Readonly<Record<string, unknown>> | undefined;
  const reason = textOr(object['reason'], textOr(warning?.['code'], ''));
  return reason === '' ? name : `${name} (${reason.replaceAll('_', ' ')})`;
}

const textOr = (value: unknown, other: string): string => (typeof value === 'string' && value !== '' ? value : other);
