import { Body, Controller, Delete, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Describe } from '../http/describe.ts';
import { createIceServersBody, iceServersAnswer, iceServersParam } from './ice-servers.dto.ts';
import type { CreateIceServersBody, IceServersAnswer } from './ice-servers.dto.ts';
import { IceServersService } from './ice-servers.service.ts';

@ApiTags('ICE servers')
@Access('tenant', 'ice_servers')
@Controller('v1/ice_servers')
export class IceServersController {
  constructor(private readonly iceServers: IceServersService) {}

  @Post()
  @Describe({
    summary: 'Create a STUN and TURN credential',
    description:
      'For peer connections outside rooms; in a room, the signaling server provides them. A tenant can also make them ' +
      'itself: the user name is `expiry:tenant:subject` (seconds since 1970, the id of the tenant, 1 to 64 of A-Z, a-z, 0-9, _ ' +
      'and -), the password base64(HMAC-SHA-256(signing key, user name)).',
    status: 201,
    answer: iceServersAnswer,
  })
  create(
    @Caller() caller: Principal,
    @Body({ schema: createIceServersBody }) body: CreateIceServersBody,
  ): Promise<IceServersAnswer> {
    return this.iceServers.create(caller, body);
  }

  @Delete(':ice_servers_id')
  @Describe({
    summary: 'Revoke a TURN credential',
    description: 'Ends allocations made with it immediately, on every relay.',
  })
  revoke(@Caller() caller: Principal, @Param('ice_servers_id', { schema: iceServersParam }) id: string): Promise<void> {
    return this.iceServers.revoke(caller, id);
  }
}
