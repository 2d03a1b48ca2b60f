import { Module } from '@nestjs/common';
import { hkdfSync } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseModule } from '../database/database.module.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { KeyHasher } from './key-hasher.ts';
import { OPERATOR_KEY_HASH } from './operator-key-hash.ts';
import { ConsoleCookies } from './console-cookies.ts';
import { LoginChallenges } from './login-challenges.ts';
import { KEY_PEPPER_FILE, loadOrMakePepper, PEPPER } from './pepper.ts';
import { SessionAuthenticator } from './session-authenticator.ts';
import {
  AnswerSeal,
  IngestSourceSeal,
  SecretSeal,
  SimulcastKeySeal,
  SrtPassphraseSeal,
  StreamKeySeal,
  TotpSeal,
} from './secret-seal.ts';

/** Injection token of the text that requests on the bus are sealed with: the same on every gateway, and there alone. */
export const CONTROL_SEAL_SECRET = Symbol('ControlSealSecret');

const SEAL_SECRET_BYTES = 32;
const SEAL_SECRET_PURPOSE = 'millrace control seal 1';

@Module({
  imports: [DatabaseModule],
  providers: [
    {
      provide: PEPPER,
      inject: [GATEWAY_SETTINGS],
      useFactory: async ({ keyPepper, dataDir }: GatewaySettings) =>
        keyPepper ?? (await loadOrMakePepper(join(dataDir, KEY_PEPPER_FILE))),
    },
    { provide: KeyHasher, inject: [PEPPER], useFactory: (pepper: string) => new KeyHasher(pepper) },
    { provide: SecretSeal, inject: [PEPPER], useFactory: (pepper: string) => new SecretSeal(pepper) },
    { provide: AnswerSeal, inject: [PEPPER], useFactory: (pepper: string) => new AnswerSeal(pepper) },
    { provide: IngestSourceSeal, inject: [PEPPER], useFactory: (pepper: string) => new IngestSourceSeal(pepper) },
    { provide: SimulcastKeySeal, inject: [PEPPER], useFactory: (pepper: string) => new SimulcastKeySeal(pepper) },
    { provide: SrtPassphraseSeal, inject: [PEPPER], useFactory: (pepper: string) => new SrtPassphraseSeal(pepper) },
    { provide: StreamKeySeal, inject: [PEPPER], useFactory: (pepper: string) => new StreamKeySeal(pepper) },
    { provide: TotpSeal, inject: [PEPPER], useFactory: (pepper: string) => new TotpSeal(pepper) },
    {
      provide: LoginChallenges,
      inject: [PEPPER, GATEWAY_SETTINGS],
      useFactory: (pepper: string, { loginChallengeMs }: GatewaySettings) =>
        new LoginChallenges(pepper, loginChallengeMs, () => Date.now()),
    },
    {
      provide: CONTROL_SEAL_SECRET,
      inject: [PEPPER],
      // Derived from it (HKDF, RFC 5869), so that the pepper itself serves nothing else.
      useFactory: (pepper: string) =>
        Buffer.from(hkdfSync('sha256', pepper, '', SEAL_SECRET_PURPOSE, SEAL_SECRET_BYTES)).toString('base64url'),
    },
    {
      provide: ConsoleCookies,
      inject: [GATEWAY_SETTINGS],
      useFactory: ({ publicUrl }: GatewaySettings) => new ConsoleCookies(publicUrl),
    },
    SessionAuthenticator,
    {
      provide: OPERATOR_KEY_HASH,
      inject: [GATEWAY_SETTINGS, KeyHasher],
      useFactory: ({ operatorKey }: GatewaySettings, hasher: KeyHasher) =>
        operatorKey === undefined ? undefined : hasher.hash(operatorKey),
    },
  ],
  exports: [
    KeyHasher,
    SecretSeal,
    AnswerSeal,
    IngestSourceSeal,
    SimulcastKeySeal,
    SrtPassphraseSeal,
    StreamKeySeal,
    TotpSeal,
    LoginChallenges,
    ConsoleCookies,
    SessionAuthenticator,
    CONTROL_SEAL_SECRET,
    OPERATOR_KEY_HASH,
    PEPPER,
  ],
})
export class AuthModule {}
