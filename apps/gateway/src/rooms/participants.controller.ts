import { Controller, Delete, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Describe } from '../http/describe.ts';
import type { Page } from '../http/pages.ts';
import { participantPage, participantParam, removeQuery } from './participants.dto.ts';
import type { ParticipantAnswer, RemoveQuery } from './participants.dto.ts';
import { ParticipantsService } from './participants.service.ts';
import { roomParam } from './rooms.dto.ts';

@ApiTags('Participants')
@Access('tenant', 'rooms')
@Controller('v1/rooms/:room_id/participants')
export class ParticipantsController {
  constructor(private readonly participants: ParticipantsService) {}

  @Get()
  @Describe({
    summary: 'List the participants in a room',
    description: 'In order of joining.',
    answer: participantPage,
  })
  list(
    @Caller() caller: Principal,
    @Param('room_id', { schema: roomParam }) roomId: string,
  ): Promise<Page<ParticipantAnswer>> {
    return this.participants.list(caller, roomId);
  }

  @Delete(':participant_id')
  @Describe({
    summary: 'Remove a participant',
    description:
      'The participant stays banned until the ban is lifted: by identity or, for a guest, by its token, which closes that link for every ' +
      'guest that has it. With `ban=false` it may join again immediately.',
  })
  remove(
    @Caller() caller: Principal,
    @Param('room_id', { schema: roomParam }) roomId: string,
    @Param('participant_id', { schema: participantParam }) id: string,
    @Query({ schema: removeQuery }) { ban }: RemoveQuery,
  ): Promise<void> {
    return this.participants.remove(caller, roomId, id, ban);
  }
}
