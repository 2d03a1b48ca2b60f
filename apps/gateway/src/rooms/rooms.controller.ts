import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../auth/access.ts';
import { Caller, type Principal } from '../auth/principal.ts';
import { Describe } from '../http/describe.ts';
import type { Page } from '../http/pages.ts';
import { createRoomBody, listRoomsQuery, roomAnswer, roomPage, roomParam, updateRoomBody } from './rooms.dto.ts';
import type { CreateRoomBody, ListRoomsQuery, RoomAnswer, UpdateRoomBody } from './rooms.dto.ts';
import { RoomsService } from './rooms.service.ts';

@ApiTags('Rooms')
@Access('tenant')
@Controller('v1/rooms')
export class RoomsController {
  constructor(private readonly rooms: RoomsService) {}

  @Post()
  @Describe({
    summary: 'Make a room',
    description: 'Make a token next: whoever has it may join. The room opens when the first one joins.',
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
  @Describe({ summary: 'Read a room', answer: roomAnswer })
  read(@Caller() caller: Principal, @Param('room_id', { schema: roomParam }) id: string): Promise<RoomAnswer> {
    return this.rooms.read(caller, id);
  }

  @Patch(':room_id')
  @Describe({
    summary: 'Change a room',
    description: 'Holds at once. A room that becomes smaller or locked puts nobody out.',
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
  @Describe({
    summary: 'Delete a room',
    description: 'Ends it for everyone in it first; its tokens are refused from now on.',
  })
  remove(@Caller() caller: Principal, @Param('room_id', { schema: roomParam }) id: string): Promise<void> {
    return this.rooms.remove(caller, id);
  }

  @Post(':room_id/end')
  @Describe({
    summary: 'End a room for good',
    description: 'Puts everybody out and refuses its tokens from now on.',
    answer: roomAnswer,
  })
  end(@Caller() caller: Principal, @Param('room_id', { schema: roomParam }) id: string): Promise<RoomAnswer> {
    return this.rooms.end(caller, id);
  }
}
