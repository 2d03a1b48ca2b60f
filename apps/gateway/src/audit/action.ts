// What a route does, in a word for its resource and one for the change: `live_stream.create`.

const VERBS: Readonly<Record<string, string>> = { PATCH: 'update', PUT: 'set', DELETE: 'delete' };

/**
 * @param route as it was added, such as `/v1/rooms/:room_id/tokens`
 * @returns `token.create` for a POST to a collection, `room.end` for one to `/v1/rooms/:room_id/end`
 */
export function actionOf(method: string, route: string): string {
  const words = route.split('/').filter((part) => part !== '' && part !== 'v1' && !part.startsWith(':'));
  const last = words.at(-1) ?? '';
  if (method !== 'POST') return `${singular(last)}.${VERBS[method] ?? 'read'}`;
  return last.endsWith('s') ? `${singular(last)}.create` : `${singular(words.at(-2) ?? '')}.${last}`;
}

const singular = (word: string): string => word.replace(/ies$/, 'y').replace(/s$/, '');
