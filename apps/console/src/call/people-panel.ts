// Who is in the room.
import type { Participant } from '@millrace/rooms-client';
import { create } from '../page/element.ts';

export function showPeople(list: HTMLElement, self: Participant | undefined, others: readonly Participant[]): void {
  const lines = [...(self === undefined ? [] : [self]), ...others].map((participant) => {
    const line = create('li');
    line.dataset['participant'] = participant.id;
    const name = `${participant.name || 'Guest'}${participant === self ? ' (you)' : ''}`;
    line.append(create('b', '', name), create('span', '', stateWords(participant)));
    return line;
  });
  list.replaceChildren(...lines);
}

function stateWords({ muted, state }: Pick<Participant, 'muted' | 'state'>): string {
  if (state === 'reconnecting') return 'reconnecting';
  const words = [
    muted.audio ? 'muted' : 'speaks',
    muted.video ? 'camera off' : 'camera on',
    ...(muted.screen ? [] : ['shares the screen']),
  ];
  return words.join(', ');
}
