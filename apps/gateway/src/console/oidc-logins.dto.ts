import { z } from 'zod';
import { timeField } from '../http/fields.ts';

export const begunOidcLogin = z
  .strictObject({
    authorization_url: z.string().describe('Where to send the browser.'),
    expires_at: timeField().describe('When it must be back.'),
  })
  .meta({ id: 'BegunOidcLogin' });
export type BegunOidcLogin = z.infer<typeof begunOidcLogin>;
