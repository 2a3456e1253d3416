/** The doors of the access for the server: logging in and out, the keys that verify tokens, users, tokens, the audit log. */
import type { RoomRoutes } from '../core/http.ts';
import type { Access } from './access.ts';
import { tokenRoutes } from './routes/token.ts';

/** All routes of the room. */
export const accessRoutes = (access: Access): RoomRoutes => {
  return async (app) => {
    await app.register(tokenRoutes(access));
  };
};
