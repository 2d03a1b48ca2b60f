// The AsyncAPI document of the signaling protocol, made of the schemas that check messages: it cannot say anything else.
import { z } from 'zod';
import { clientMessages } from '../messages/client-messages.ts';
import { serverMessages } from '../messages/server-messages.ts';
import { ROOMS_PATH } from '../rooms/rooms-path.ts';
import { CLIENT_SAMPLES, SERVER_SAMPLES } from './sample-messages.ts';

type Schemas = Readonly<Record<string, z.ZodType>>;

const CLIENT_SUMMARIES: Readonly<Record<keyof typeof clientMessages, string>> = {
  join: 'Take a place in the room that the token names.',
  resume: 'Go on with a place after a dropped socket, on this server or on another one.',
  probe: 'Ask for ICE servers without entering the room; the server then closes.',
  offer: 'A session description for one participant.',
  answer: 'A session description for one participant.',
  candidate: 'An ICE candidate for one participant.',
  end_of_candidates: 'No more candidates for one participant follow.',
  update: 'Change what the others know: name, metadata, mute state. What is left out stays.',
  chat: 'A text to everybody in the room, or to one participant.',
  ice_servers: 'Ask for fresh ICE servers.',
  leave: 'Give the place up.',
  ping: 'Ask for a pong; acknowledge events.',
};

const SERVER_SUMMARIES: Readonly<Record<keyof typeof serverMessages, string>> = {
  joined: 'In the room: who I am, who is there, ICE servers, what a resume takes.',
  resumed: 'Back: who is there now; what was missed follows.',
  ice_servers: 'Fresh ICE servers.',
  probed: 'ICE servers for a probe.',
  token: 'A fresh join token: use it instead of the first one when joining again.',
  pong: 'The answer to a ping.',
  accepted: 'What carried an id is in the mailbox of whom it is for.',
  left: 'Out of the room for good; the socket closes.',
  go_away: 'This server stops: connect again and resume.',
  error: 'A message was refused, or the socket closes.',
  participant_joined: 'Somebody came in.',
  participant_updated: 'What is known of a participant has changed.',
  participant_left: 'A participant is out, and why.',
  room_updated: 'The facts of the room have changed.',
  offer: 'A session description of another participant.',
  answer: 'A session description of another participant.',
  candidate: 'An ICE candidate of another participant.',
  end_of_candidates: 'No more candidates of another participant follow.',
  chat: 'A text of another participant.',
};

const pascal = (type: string): string =>
  type.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());

function messagesOf(
  side: 'Client' | 'Server',
  schemas: Schemas,
  summaries: Readonly<Record<string, string>>,
  samples: Readonly<Record<string, object>>,
): Record<string, object> {
  const entries = Object.entries(schemas).map(([type, schema]) => {
    const { $schema: _, ...payload } = z.toJSONSchema(schema, { io: 'input' });
    const message = { name: type, summary: summaries[type], payload, examples: [{ payload: samples[type] }] };
    return [`${side}${pascal(type)}`, message];
  });
  return Object.fromEntries(entries) as Record<string, object>;
}

const refsTo = (place: string, names: readonly string[]): Record<string, object> =>
  Object.fromEntries(names.map((name) => [name, { $ref: `${place}/${name}` }]));

/** The document, as JSON. */
export function asyncApi(): object {
  const client = messagesOf('Client', clientMessages, CLIENT_SUMMARIES, CLIENT_SAMPLES);
  const server = messagesOf('Server', serverMessages, SERVER_SUMMARIES, SERVER_SAMPLES);
  const inChannel = (names: readonly string[]) => Object.values(refsTo('#/channels/rooms/messages', names));
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Millrace signaling',
      version: '1',
      description: 'JSON texts on one WebSocket. docs/signaling.md tells the story. Written by "npm run async-api".',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    servers: { local: { host: 'localhost:8081', protocol: 'ws' } },
    channels: {
      rooms: {
        address: ROOMS_PATH,
        messages: refsTo('#/components/messages', [...Object.keys(client), ...Object.keys(server)]),
      },
    },
    operations: {
      hearClient: {
        action: 'receive',
        channel: { $ref: '#/channels/rooms' },
        messages: inChannel(Object.keys(client)),
      },
      tellClient: { action: 'send', channel: { $ref: '#/channels/rooms' }, messages: inChannel(Object.keys(server)) },
    },
    components: { messages: { ...client, ...server } },
  };
}
