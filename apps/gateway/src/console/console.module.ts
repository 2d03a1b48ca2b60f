import { Module } from '@nestjs/common';
import { ApiKeysModule } from '../api-keys/api-keys.module.ts';
import { AuthModule } from '../auth/auth.module.ts';
import { KeyHasher } from '../auth/key-hasher.ts';
import { PEPPER } from '../auth/pepper.ts';
import { DatabaseModule } from '../database/database.module.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { ConsoleSessionEntity } from './console-session.entity.ts';
import { ConsoleLoginsController, ConsoleSessionsController } from './console-sessions.controller.ts';
import { ConsoleSessionsService } from './console-sessions.service.ts';
import { LoginRates } from './login-rates.ts';
import { OidcLoginEntity } from './oidc-login.entity.ts';
import { OidcLogin } from './oidc-login.ts';
import { OidcLoginsController } from './oidc-logins.controller.ts';
import { OneTimeLinkEntity } from './one-time-link.entity.ts';
import { OneTimeLinks } from './one-time-links.ts';
import { OwnAccountService } from './own-account.service.ts';
import { PasswordLogin } from './password-login.ts';
import { Passwords } from './passwords.ts';
import { SecondFactors } from './second-factors.ts';
import { UserEntity } from './user.entity.ts';
import { UserLinksController, UsersController } from './users.controller.ts';
import { UsersService } from './users.service.ts';

/** The users of the web console, and who is logged in to it. */
@Module({
  imports: [
    AuthModule,
    ApiKeysModule,
    DatabaseModule.withEntities(UserEntity, ConsoleSessionEntity, OneTimeLinkEntity, OidcLoginEntity),
  ],
  controllers: [
    ConsoleSessionsController,
    ConsoleLoginsController,
    UsersController,
    UserLinksController,
    OidcLoginsController,
  ],
  providers: [
    ConsoleSessionsService,
    OneTimeLinks,
    PasswordLogin,
    OidcLogin,
    SecondFactors,
    UsersService,
    OwnAccountService,
    {
      provide: LoginRates,
      inject: [GATEWAY_SETTINGS, KeyHasher],
      useFactory: (settings: GatewaySettings, hasher: KeyHasher) => new LoginRates(settings, hasher),
    },
    {
      provide: Passwords,
      inject: [PEPPER, GATEWAY_SETTINGS],
      useFactory: (pepper: string, { passwordChecksAtOnce }: GatewaySettings) =>
        new Passwords(pepper, passwordChecksAtOnce),
    },
  ],
})
export class ConsoleModule {}
