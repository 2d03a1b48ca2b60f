import { BAN_KINDS } from '@millrace/domain';
import { z } from 'zod';
import { idField, timeField, timeText } from '../http/fields.ts';
import { pageOf, pageQuery } from '../http/pages.ts';
import type { RoomBanEntity } from './room-ban.entity.ts';

export const banParam = idField('ban');

export const listBansQuery = z.strictObject(pageQuery);
export type ListBansQuery = z.infer<typeof listBansQuery>;

const banAnswer = z
  .strictObject({
    id: banParam,
    room_id: idField('room'),
    kind: z
      .enum(BAN_KINDS)
      .describe('identity: bans a participant with this identity; token: bans every guest that used this token.'),
    subject: z.string().describe('The identity, or the id of the token: its `jti`, or a hash if it has none.'),
    name: z.string().describe('Name of the participant when it was removed.'),
    created_at: timeField(),
  })
  .meta({ id: 'Ban' });
export type BanAnswer = z.infer<typeof banAnswer>;

export const banPage = pageOf(banAnswer).meta({ id: 'BanPage' });

export const writeBan = (row: RoomBanEntity): BanAnswer => ({
  id: row.id,
  room_id: row.roomId,
  kind: row.kind,
  subject: row.subject,
  name: row.name,
  created_at: timeText(row.createdAt),
});
