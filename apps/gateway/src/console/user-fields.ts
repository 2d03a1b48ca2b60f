// The fields that log-in and users have in common.
import { z } from 'zod';
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from './passwords.ts';

/** RFC 5321 section 4.5.3.1.3, without the angle brackets. */
const MAX_EMAIL_LENGTH = 254;
const MAX_RECOVERY_CODE_LENGTH = 40;

export const emailField = () =>
  z
    .string()
    .max(MAX_EMAIL_LENGTH)
    .regex(/^[^\s@\p{Cc}\p{Cf}\p{Cs}]+@[^\s@\p{Cc}\p{Cf}\p{Cs}]+$/u, 'must be an email address');

/** As email addresses are kept: no mail server of today tells `Ann@` from `ann@`. */
export const plainEmail = (email: string): string => email.normalize('NFC').toLowerCase();

export const newPassword = () => z.string().min(MIN_PASSWORD_LENGTH).max(MAX_PASSWORD_LENGTH);

export const existingPassword = () => z.string().min(1).max(MAX_PASSWORD_LENGTH);

export const totpCodeField = () => z.string().regex(/^\d{6}$/, 'must have six digits');

export const recoveryCodeField = () => z.string().min(1).max(MAX_RECOVERY_CODE_LENGTH);
