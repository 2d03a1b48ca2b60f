import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Conditional } from '../etags/conditional.ts';
import { Describe } from '../http/describe.ts';
import type { Page } from '../http/pages.ts';
import { createRoomBody, listRoomsQuery, roomAnswer, roomPage, roomParam, updateRoomBody } from './rooms.dto.ts';
import type { CreateRoomBody, ListRoomsQuery, RoomAnswer, UpdateRoomBody } from './rooms.dto.ts';
import { RoomsService } from './rooms.service.ts';

@ApiTags('Rooms')
@Access('tenant', 'rooms')
@Controller('v1/rooms')
export class RoomsController {
  constructor(private readonly rooms: RoomsService) {}

  @Post()
  @Describe({
    summary: 'Create a room',
    description: 'Next, create a token: anyone who has it may join. The room opens when the first participant joins.',
    status: 201,
    answer: roomAnswer,
  })
  create(@Caller() caller: Principal, @Body({ schema: createRoomBody }) body: CreateRoomBody): Promise<RoomAnswer> {
    return this.rooms.create(caller, body);
  }

  @Get()
  @Describe({ summary: 'List rooms', answer: roomPage })
  list(
    @Caller() caller: Principal,
    @Query({ schema: listRoomsQuery }) query: ListRoomsQuery,
  ): Promise<Page<RoomAnswer>> {
    return this.rooms.list(caller, query);
  }

  @Get(':room_id')
  @Describe({ summary: 'Get a room', answer: roomAnswer })
  read(@Caller() caller: Principal, @Param('room_id', { schema: roomParam }) id: string): Promise<RoomAnswer> {
    return this.rooms.read(caller, id);
  }

  @Patch(':room_id')
  @Conditional()
  @Describe({
    summary: 'Update a room',
    description: 'Takes effect immediately. Making a room smaller or locking it removes no participant.',
    answer: roomAnswer,
  })
  update(
    @Caller() caller: Principal,
    @Param('room_id', { schema: roomParam }) id: string,
    @Body({ schema: updateRoomBody }) body: UpdateRoomBody,
  ): Promise<RoomAnswer> {
    return this.rooms.update(caller, id, body);
  }

  @Delete(':room_id')
  @Conditional()
  @Describe({
    summary: 'Delete a room',
    description: 'Ends the room for all participants first; its tokens are refused from then on.',
  })
  remove(@Caller() caller: Principal, @Param('room_id', { schema: roomParam }) id: string): Promise<void> {
    return this.rooms.remove(caller, id);
  }

  @Post(':room_id/end')
  @Describe({
    summary: 'End a room permanently',
    description: "Removes all participants and refuses the room's tokens from then on.",
    answer: roomAnswer,
  })
  end(@Caller() caller: Principal, @Param('room_id', { schema: roomParam }) id: string): Promise<RoomAnswer> {
    return this.rooms.end(caller, id);
  }
}
