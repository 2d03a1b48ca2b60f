import { z } from 'zod';
import { idField, nameField, optionalTimeText, timeField, timeText } from '../http/fields.ts';
import { pageOf, pageQuery } from '../http/pages.ts';
import { PLAYBACK_ALGORITHMS } from '../known/facts.ts';
import { tenantChoice } from '../tenants/tenant-choice.ts';
import { publicPemOf } from './key-pairs.ts';
import type { PlaybackKeyEntity } from './playback-key.entity.ts';

const MAX_NAME_LENGTH = 100;
/** A key on P-256 has 178 characters. */
const MAX_PEM_LENGTH = 2_000;
const MAX_MEMBER_LENGTH = 200;

export const playbackKeyParam = idField('playbackKey');

const algorithm = z.enum(PLAYBACK_ALGORITHMS);
const member = z.string().max(MAX_MEMBER_LENGTH);

export const createPlaybackKeyBody = z
  .strictObject({
    ...tenantChoice,
    name: nameField(MAX_NAME_LENGTH).default('playback key').describe('Display name of the key.'),
    algorithm: algorithm
      .optional()
      .describe('Algorithm of the new key pair; EdDSA (Ed25519) when not given. An imported key decides it itself.'),
    public_key: z
      .string()
      .min(1)
      .max(MAX_PEM_LENGTH)
      .optional()
      .describe('Public key to import, as PEM (SPKI): Ed25519, or EC on P-256.'),
    public_jwk: z
      .strictObject({
        kty: member,
        crv: member,
        x: member,
        y: member.optional(),
        d: member.optional().describe('Always refused: it makes a private key.'),
        kid: member.optional(),
        use: member.optional(),
        alg: member.optional(),
        key_ops: z.array(member).max(10).optional(),
      })
      .optional()
      .describe('The same as a JWK (RFC 7517).'),
  })
  .meta({ id: 'CreatePlaybackKey' });
export type CreatePlaybackKeyBody = z.infer<typeof createPlaybackKeyBody>;

export const listPlaybackKeysQuery = z.strictObject({ ...pageQuery, tenant_id: idField('tenant').optional() });
export type ListPlaybackKeysQuery = z.infer<typeof listPlaybackKeysQuery>;

const fields = {
  id: playbackKeyParam.describe('Value of the `kid` header in tokens signed with this key.'),
  tenant_id: idField('tenant'),
  name: z.string(),
  algorithm: algorithm.describe('The only `alg` that tokens with this `kid` may have.'),
  public_key: z.string().describe('The public key, as PEM (SPKI).'),
  origin: z.enum(['generated', 'imported']),
  status: z.enum(['active', 'revoked']),
  created_at: timeField(),
  revoked_at: timeField().nullable(),
  last_used_at: timeField().nullable().describe('When a token signed with it was last accepted, to the minute.'),
};

export const playbackKeyAnswer = z.strictObject(fields).meta({ id: 'PlaybackKey' });
export type PlaybackKeyAnswer = z.infer<typeof playbackKeyAnswer>;

export const playbackKeyWithPrivateKey = z
  .strictObject({
    ...fields,
    private_key: z
      .string()
      .nullable()
      .describe('The private key, as PEM (PKCS #8). It is shown only once, and not kept. null: the key was imported.'),
  })
  .meta({ id: 'PlaybackKeyWithPrivateKey' });
export type PlaybackKeyWithPrivateKey = z.infer<typeof playbackKeyWithPrivateKey>;

export const playbackKeyPage = pageOf(playbackKeyAnswer).meta({ id: 'PlaybackKeyPage' });

export const writePlaybackKey = (row: PlaybackKeyEntity): PlaybackKeyAnswer => ({
  id: row.id,
  tenant_id: row.tenantId,
  name: row.label,
  algorithm: row.algorithm,
  public_key: publicPemOf(row.publicJwk),
  origin: row.origin,
  status: row.revokedAt === null ? 'active' : 'revoked',
  created_at: timeText(row.createdAt),
  revoked_at: optionalTimeText(row.revokedAt),
  last_used_at: optionalTimeText(row.lastUsedAt),
});
