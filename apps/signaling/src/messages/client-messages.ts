// The schema of what clients send. Fields that it does not know are dropped: newer clients may talk to older servers.
import { IdPrefix, isId } from '@millrace/domain';
import type { ClientMessage } from '@millrace/rooms-client';
import { z } from 'zod';

/** The longest text of each kind, in UTF-16 units. Names, metadata, chat and SDP have settings; these are beyond any use. */
export const MAX_MESSAGE_ID_LENGTH = 64;
const MAX_TOKEN_LENGTH = 4_096;
const MAX_METADATA_KEYS = 32;
const MAX_METADATA_KEY_LENGTH = 64;
const MAX_CANDIDATE_LENGTH = 1_024;
const MAX_RESUME_TOKEN_LENGTH = 128;
/** 128 random bits in base64url have 22 characters: a shorter secret could be guessed. */
const MIN_REJOIN_SECRET_LENGTH = 22;
const MAX_REJOIN_SECRET_LENGTH = 128;
const MAX_MID_LENGTH = 256;

/** Text that survives being sent on: no lone surrogates, no NUL. */
const wellFormed = z.string().refine((text) => text.isWellFormed() && !text.includes('\u0000'), 'not well-formed text');
/** One line of text for people: no control characters, so that it is safe in lists and logs. */
const line = wellFormed.refine((text) => !/\p{Cc}/u.test(text), 'no line of text');
const lineOf = (length: number) => line.max(length);

const id = z.string().min(1).max(MAX_MESSAGE_ID_LENGTH).exactOptional();
const numbered = { id };
const version = z.int();
const token = z.string().min(1).max(MAX_TOKEN_LENGTH);
const to = z.string().refine((text) => isId(IdPrefix.participant, text), 'not the id of a participant');
const name = line;
const metadata = z
  .record(
    z
      .string()
      .regex(/^[A-Za-z0-9_.-]+$/, 'not a key')
      .max(MAX_METADATA_KEY_LENGTH),
    wellFormed,
  )
  .refine((record) => Object.keys(record).length <= MAX_METADATA_KEYS, 'too many keys');
const muted = z.object({ audio: z.boolean(), video: z.boolean(), screen: z.boolean() });
const MAX_LINE_INDEX = 65_535;
const lineIndex = z.int().min(0).max(MAX_LINE_INDEX);
/** Some agents take the candidate out of a description with the end of its line. */
const candidateLine = z
  .string()
  .max(MAX_CANDIDATE_LENGTH)
  .transform((text) => text.trimEnd())
  .pipe(line);
const candidate = z.object({
  candidate: candidateLine,
  sdpMid: lineOf(MAX_MID_LENGTH).nullable().exactOptional(),
  /** Agents whose language has no numbers in JSON send it as a text. */
  sdpMLineIndex: z
    .union([
      lineIndex,
      z
        .string()
        .regex(/^\d{1,5}$/)
        .transform(Number)
        .pipe(lineIndex),
    ])
    .nullable()
    .exactOptional(),
  usernameFragment: lineOf(MAX_MID_LENGTH).nullable().exactOptional(),
});
const self = { name: name.exactOptional(), metadata: metadata.exactOptional(), muted: muted.exactOptional() };

export const clientMessages = {
  join: z.object({
    ...numbered,
    type: z.literal('join'),
    version,
    token,
    rejoin_secret: z.string().min(MIN_REJOIN_SECRET_LENGTH).max(MAX_REJOIN_SECRET_LENGTH).exactOptional(),
    ...self,
  }),
  resume: z.object({
    ...numbered,
    type: z.literal('resume'),
    version,
    resume_token: z.string().min(1).max(MAX_RESUME_TOKEN_LENGTH),
    last_sequence: z.int().min(0),
  }),
  probe: z.object({ ...numbered, type: z.literal('probe'), version, token }),
  offer: z.object({ ...numbered, type: z.literal('offer'), to, sdp: z.string() }),
  answer: z.object({ ...numbered, type: z.literal('answer'), to, sdp: z.string() }),
  /** `null`, as browsers' events have it, says that there are no more. */
  candidate: z.object({ ...numbered, type: z.literal('candidate'), to, candidate: candidate.nullable() }),
  end_of_candidates: z.object({ ...numbered, type: z.literal('end_of_candidates'), to }),
  update: z.object({ ...numbered, type: z.literal('update'), ...self }),
  chat: z.object({ ...numbered, type: z.literal('chat'), text: wellFormed.min(1), to: to.exactOptional() }),
  ice_servers: z.object({ ...numbered, type: z.literal('ice_servers') }),
  leave: z.object({ ...numbered, type: z.literal('leave') }),
  ping: z.object({ ...numbered, type: z.literal('ping'), last_sequence: z.int().min(0).exactOptional() }),
} satisfies Record<ClientMessage['type'], z.ZodType>;

/** A candidate as it is passed on. */
export const passedCandidate = z.object({
  candidate: line,
  sdpMid: z.string().nullable().exactOptional(),
  sdpMLineIndex: lineIndex.nullable().exactOptional(),
  usernameFragment: z.string().nullable().exactOptional(),
});

/** What a client's message is once it has been checked. */
export type CheckedMessage = z.output<(typeof clientMessages)[keyof typeof clientMessages]>;
