/** The doors of the access for the server: logging in and out, the keys that verify tokens, users, tokens, the audit log. */
import type { RoomRoutes } from '../core/http.ts';
import type { Access } from './access.ts';
import { auditRoutes } from './routes/audit.ts';
import { signingKeyRoutes } from './routes/signing-keys.ts';
import { tokenRoutes } from './routes/token.ts';
import { personalTokenRoutes } from './routes/tokens.ts';
import { userRoutes } from './routes/users.ts';

/** All routes of the room. */
export const accessRoutes = (access: Access): RoomRoutes => {
  return async (app) => {
    await app.register(tokenRoutes(access));
    await app.register(userRoutes(access));
    await app.register(personalTokenRoutes(access));
    await app.register(signingKeyRoutes(access));
    await app.register(auditRoutes(access));
  };
};
