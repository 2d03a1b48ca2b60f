import { Body, Controller, Delete, Get, Param, Patch, Post, Query, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Conditional } from '../etags/conditional.ts';
import { Describe } from '../http/describe.ts';
import type { Page } from '../http/pages.ts';
import { loginFacts } from './login-facts.ts';
import { OwnAccountService } from './own-account.service.ts';
import {
  acceptAnswer,
  acceptLinkBody,
  changePasswordBody,
  createUserBody,
  disableTotpBody,
  enrolTotpBody,
  inspectLinkBody,
  linkAnswer,
  listUsersQuery,
  recoveryCodes,
  totpEnrolment,
  updateUserBody,
  userAnswer,
  userLink,
  userPage,
  userParam,
  userWithLink,
  verifyTotpBody,
} from './users.dto.ts';
import type {
  AcceptAnswer,
  AcceptLinkBody,
  ChangePasswordBody,
  CreateUserBody,
  DisableTotpBody,
  EnrolTotpBody,
  InspectLinkBody,
  LinkAnswer,
  ListUsersQuery,
  RecoveryCodes,
  TotpEnrolment,
  UpdateUserBody,
  UserAnswer,
  UserLink,
  UserWithLink,
  VerifyTotpBody,
} from './users.dto.ts';
import { UsersService } from './users.service.ts';

const OWN = 'Only for the user itself, by a console session.';

@ApiTags('Users')
@Access('tenant', 'users')
@Controller('v1/users')
export class UsersController {
  constructor(
    private readonly users: UsersService,
    private readonly own: OwnAccountService,
  ) {}

  @Post()
  @Describe({
    summary: 'Invite a user',
    description: 'The answer contains a link: pass it on to the user, who sets a password there.',
    status: 201,
    answer: userWithLink,
  })
  create(@Caller() caller: Principal, @Body({ schema: createUserBody }) body: CreateUserBody): Promise<UserWithLink> {
    return this.users.create(caller, body);
  }

  @Get()
  @Describe({ summary: 'List users', answer: userPage })
  list(
    @Caller() caller: Principal,
    @Query({ schema: listUsersQuery }) query: ListUsersQuery,
  ): Promise<Page<UserAnswer>> {
    return this.users.list(caller, query);
  }

  @Get(':user_id')
  @Describe({ summary: 'Get a user', answer: userAnswer })
  read(@Caller() caller: Principal, @Param('user_id', { schema: userParam }) id: string): Promise<UserAnswer> {
    return this.users.read(caller, id);
  }

  @Patch(':user_id')
  @Conditional()
  @Describe({
    summary: 'Update a user',
    description: 'The change takes effect with the next request of the user. A disabled user is logged out.',
    answer: userAnswer,
  })
  update(
    @Caller() caller: Principal,
    @Param('user_id', { schema: userParam }) id: string,
    @Body({ schema: updateUserBody }) body: UpdateUserBody,
  ): Promise<UserAnswer> {
    return this.users.update(caller, id, body);
  }

  @Delete(':user_id')
  @Conditional()
  @Describe({ summary: 'Delete a user', description: 'Ends the sessions of the user.' })
  remove(@Caller() caller: Principal, @Param('user_id', { schema: userParam }) id: string): Promise<void> {
    return this.users.remove(caller, id);
  }

  @Post(':user_id/password_link')
  @Describe({
    summary: 'Create a link to set a password',
    description: 'Another invitation, or a password reset. Older links of the user stop working.',
    status: 201,
    answer: userLink,
  })
  createLink(@Caller() caller: Principal, @Param('user_id', { schema: userParam }) id: string): Promise<UserLink> {
    return this.users.createLink(caller, id);
  }

  @Post(':user_id/password')
  @Access('caller')
  @Describe({ summary: 'Change the own password', description: `${OWN} Ends the other sessions of the user.` })
  changePassword(
    @Caller() caller: Principal,
    @Param('user_id', { schema: userParam }) id: string,
    @Body({ schema: changePasswordBody }) body: ChangePasswordBody,
  ): Promise<void> {
    return this.own.changePassword(caller, id, body);
  }

  @Post(':user_id/totp')
  @Access('caller')
  @Describe({
    summary: 'Enrol an authenticator app',
    description: `${OWN} Log-in asks for its codes once one of them was verified.`,
    status: 201,
    answer: totpEnrolment,
  })
  enrolTotp(
    @Caller() caller: Principal,
    @Param('user_id', { schema: userParam }) id: string,
    @Body({ schema: enrolTotpBody }) body: EnrolTotpBody,
  ): Promise<TotpEnrolment> {
    return this.own.enrolTotp(caller, id, body);
  }

  @Post(':user_id/totp/verify')
  @Access('caller')
  @Describe({
    summary: 'Verify an authenticator app',
    description: `${OWN} From now on log-in asks for a code. Answers with recovery codes.`,
    answer: recoveryCodes,
  })
  verifyTotp(
    @Caller() caller: Principal,
    @Param('user_id', { schema: userParam }) id: string,
    @Body({ schema: verifyTotpBody }) body: VerifyTotpBody,
  ): Promise<RecoveryCodes> {
    return this.own.verifyTotp(caller, id, body);
  }

  @Post(':user_id/totp/disable')
  @Access('caller')
  @Describe({ summary: 'Disable the own authenticator app', description: `${OWN} Needs the password and a code.` })
  disableTotp(
    @Caller() caller: Principal,
    @Param('user_id', { schema: userParam }) id: string,
    @Body({ schema: disableTotpBody }) body: DisableTotpBody,
  ): Promise<void> {
    return this.own.disableTotp(caller, id, body);
  }

  @Delete(':user_id/totp')
  @Describe({
    summary: 'Disable the authenticator app of a user',
    description: 'For a user who has lost both the app and the recovery codes.',
  })
  removeTotp(@Caller() caller: Principal, @Param('user_id', { schema: userParam }) id: string): Promise<void> {
    return this.users.removeTotp(caller, id);
  }
}

@ApiTags('Users')
@Access('public')
@Controller('v1/user_links')
export class UserLinksController {
  constructor(private readonly users: UsersService) {}

  @Post('inspect')
  @Describe({
    summary: 'Look at an invitation or a password reset',
    description: 'Does not use up the link.',
    answer: linkAnswer,
  })
  inspect(@Body({ schema: inspectLinkBody }) { token }: InspectLinkBody): Promise<LinkAnswer> {
    return this.users.inspectLink(token);
  }

  @Post('accept')
  @Describe({
    summary: 'Set a password by a link',
    description: 'Uses up the link, and ends the sessions of the user.',
    answer: acceptAnswer,
  })
  accept(
    @Req() request: FastifyRequest,
    @Body({ schema: acceptLinkBody }) body: AcceptLinkBody,
  ): Promise<AcceptAnswer> {
    return this.users.acceptLink(body, loginFacts(request, 'user_link.accept'));
  }
}
