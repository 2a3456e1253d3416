import type { FastifyRequest } from 'fastify';
import { headerFields } from '../../core/header-fields.ts';
import type { Access } from '../access.ts';

/** Where a request comes from, past the proxies that the configuration trusts. */
export const addressOf = (access: Access, { raw }: FastifyRequest): string =>
  access.addressOf(raw.socket.remoteAddress ?? '', headerFields(raw, 'x-forwarded-for').join(','));
