import { Body, Controller, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Describe } from '../http/describe.ts';
import { roomParam } from './rooms.dto.ts';
import { createTokenBody, tokenAnswer } from './tokens.dto.ts';
import type { CreateTokenBody, TokenAnswer } from './tokens.dto.ts';
import { TokensService } from './tokens.service.ts';

@ApiTags('Rooms')
@Access('tenant', 'rooms')
@Controller('v1/rooms/:room_id/tokens')
export class TokensController {
  constructor(private readonly tokens: TokensService) {}

  @Post()
  @Describe({
    summary: 'Create a join token',
    description:
      'A JWT (HS256) with `iss` (the tenant), `room` and, if set, `sub` (the identity), `name` and `permissions`. A tenant can ' +
      'also sign such a token itself with a signing key, whose id goes into the `kid` header.',
    status: 201,
    answer: tokenAnswer,
  })
  create(
    @Caller() caller: Principal,
    @Param('room_id', { schema: roomParam }) roomId: string,
    @Body({ schema: createTokenBody }) body: CreateTokenBody,
  ): Promise<TokenAnswer> {
    return this.tokens.create(caller, roomId, body);
  }
}
