import { Controller, Get, Module } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { createRequire } from 'node:module';
import { z } from 'zod';
import { Access } from '../auth/access.ts';
import { Describe } from '../http/describe.ts';

const versionAnswer = z
  .strictObject({
    version: z.string().describe('Version of the gateway that answered.'),
    api_version: z.literal('v1').describe('Version of this API, the first part of every path.'),
  })
  .meta({ id: 'Version' });

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

@ApiTags('Service')
@Access('tenant', 'tenant')
@Controller('v1/version')
class VersionController {
  @Get()
  @Describe({ summary: 'Get the version of the server', answer: versionAnswer })
  read(): z.infer<typeof versionAnswer> {
    return { version, api_version: 'v1' };
  }
}

@Module({ controllers: [VersionController] })
export class VersionModule {}
