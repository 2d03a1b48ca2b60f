import { Controller, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Access } from '../auth/access.ts';
import { Describe } from '../http/describe.ts';
import { OidcLogin } from './oidc-login.ts';
import { begunOidcLogin } from './oidc-logins.dto.ts';
import type { BegunOidcLogin } from './oidc-logins.dto.ts';

@ApiTags('Console sessions')
@Access('public')
@Controller('v1/oidc_logins')
export class OidcLoginsController {
  constructor(private readonly login: OidcLogin) {}

  @Post()
  @Describe({
    summary: 'Begin a log-in at the identity provider',
    description:
      'The answer sets a cookie. Send the browser to `authorization_url`; it comes back to `/console/oidc` with a query, which ' +
      '`POST /v1/console_sessions` takes as `oidc_response`.',
    status: 201,
    answer: begunOidcLogin,
  })
  begin(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<BegunOidcLogin> {
    return this.login.begin(request, reply);
  }
}
