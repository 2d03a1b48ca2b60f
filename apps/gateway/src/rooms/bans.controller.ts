import { Controller, Delete, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Describe } from '../http/describe.ts';
import type { Page } from '../http/pages.ts';
import { banPage, banParam, listBansQuery } from './bans.dto.ts';
import type { BanAnswer, ListBansQuery } from './bans.dto.ts';
import { BansService } from './bans.service.ts';
import { roomParam } from './rooms.dto.ts';

@ApiTags('Participants')
@Access('tenant', 'rooms')
@Controller('v1/rooms/:room_id/bans')
export class BansController {
  constructor(private readonly bans: BansService) {}

  @Get()
  @Describe({ summary: 'List the bans of a room', answer: banPage })
  list(
    @Caller() caller: Principal,
    @Param('room_id', { schema: roomParam }) roomId: string,
    @Query({ schema: listBansQuery }) query: ListBansQuery,
  ): Promise<Page<BanAnswer>> {
    return this.bans.list(caller, roomId, query);
  }

  @Delete(':ban_id')
  @Describe({ summary: 'Lift a ban', description: 'Takes effect immediately: the participant may join again.' })
  undo(
    @Caller() caller: Principal,
    @Param('room_id', { schema: roomParam }) roomId: string,
    @Param('ban_id', { schema: banParam }) id: string,
  ): Promise<void> {
    return this.bans.undo(caller, roomId, id);
  }
}
