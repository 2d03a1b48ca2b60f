import { Body, Controller, Delete, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Describe } from '../http/describe.ts';
import type { Page } from '../http/pages.ts';
import {
  consoleLogin,
  consoleSessionPage,
  consoleSessionParam,
  consoleSessionWithToken,
  createConsoleSessionBody,
  listConsoleSessionsQuery,
} from './console-sessions.dto.ts';
import type {
  ConsoleLogin,
  ConsoleSessionAnswer,
  ConsoleSessionWithToken,
  CreateConsoleSessionBody,
  ListConsoleSessionsQuery,
} from './console-sessions.dto.ts';
import { ConsoleSessionsService } from './console-sessions.service.ts';

@ApiTags('Console sessions')
@Access('caller')
@Controller('v1/console_sessions')
export class ConsoleSessionsController {
  constructor(private readonly sessions: ConsoleSessionsService) {}

  @Post()
  @Access('public')
  @Describe({
    summary: 'Log in',
    description:
      'With an API key, with email address and password, with the code of a link, or with the answer of the identity provider. The ' +
      'answer sets a cookie; requests with it ' +
      'have the rights of the key or of the user, and need `csrf_token` in the header X-CSRF-Token when they change something.',
    status: 201,
    answer: consoleSessionWithToken,
  })
  create(
    @Body({ schema: createConsoleSessionBody }) body: CreateConsoleSessionBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ConsoleSessionWithToken> {
    return this.sessions.create(request, reply, body);
  }

  @Get()
  @Describe({
    summary: 'List console sessions',
    description: 'The own ones; with the scope `users:read`, those of all users and keys of the tenant.',
    answer: consoleSessionPage,
  })
  list(
    @Caller() caller: Principal,
    @Query({ schema: listConsoleSessionsQuery }) query: ListConsoleSessionsQuery,
  ): Promise<Page<ConsoleSessionAnswer>> {
    return this.sessions.list(caller, query);
  }

  @Get('current')
  @Describe({ summary: 'Get the console session of this request', answer: consoleSessionWithToken })
  readCurrent(@Caller() caller: Principal, @Req() request: FastifyRequest): Promise<ConsoleSessionWithToken> {
    return this.sessions.readCurrent(caller, request);
  }

  @Delete('current')
  @Describe({ summary: 'Log out', description: 'Ends the console session of this request.' })
  endCurrent(
    @Caller() caller: Principal,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    return this.sessions.endCurrent(caller, request, reply);
  }

  @Delete(':console_session_id')
  @Describe({
    summary: 'End a console session',
    description: 'One of the own ones; with the scope `users:write`, one of any user or key of the tenant.',
  })
  end(
    @Caller() caller: Principal,
    @Param('console_session_id', { schema: consoleSessionParam }) id: string,
  ): Promise<void> {
    return this.sessions.end(caller, id);
  }
}

@ApiTags('Console sessions')
@Access('caller')
@Controller('v1/console_logins')
export class ConsoleLoginsController {
  constructor(private readonly sessions: ConsoleSessionsService) {}

  @Post()
  @Describe({
    summary: 'Create a link that logs in once',
    description: 'Opens the console with the rights of the key of this request. Requires a key.',
    status: 201,
    answer: consoleLogin,
  })
  create(@Caller() caller: Principal): Promise<ConsoleLogin> {
    return this.sessions.createLogin(caller);
  }
}
