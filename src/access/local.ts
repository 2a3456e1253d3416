/** The access of a data directory that no server holds: the same port as over HTTP, answered by this process. */
import { userInfo } from 'node:os';
import { Type } from 'typebox';
import { systemClock } from '../core/clock.ts';
import { loadRoomsConfig } from '../core/config.ts';
import { openDataFolder } from '../core/data-folder.ts';
import { createLog } from '../core/log.ts';
import { Problem } from '../core/problem.ts';
import { engineOf, keysSettings, Tree } from '../keys/index.ts';
import { Access } from './access.ts';
import type { AuditEntry } from './audit-log.ts';
import { accessSettings } from './config.ts';
import type { AccessPort } from './port.ts';
import { passes } from './routes/audit.ts';
import { shownToken } from './routes/tokens.ts';
import { shownUser } from './routes/users.ts';

const settings = Type.Object({ keys: keysSettings, access: accessSettings });
const day = 24 * 60 * 60 * 1000;

/** Opens the directory; who holds it already is told by a `conflict`. Its key tree is the embedded one. */
export async function openLocalAccess(dataFolder: string): Promise<AccessPort> {
  const folder = await openDataFolder(dataFolder, 'a command');
  try {
    const config = loadRoomsConfig(settings);
    const log = createLog({ level: 'error' });
    const engine = engineOf(config.keys, { dataFolder: folder.path, log, clock: systemClock });
    const access = new Access(config.access, { tree: new Tree(engine, 'system'), dataFolder: folder.path, log, clock: systemClock });
    await engine.start();
    await access.start();
    return portOf(access, async () => {
      await access.stop();
      await engine.stop();
      await folder.release();
    });
  } catch (error) {
    await folder.release();
    throw error;
  }
}

/** The port on a room of this process: whoever may open its directory may do everything. */
function portOf(access: Access, close: () => Promise<void>): AccessPort {
  const { users, personalTokens, audit, keys, guesses } = access;
  const actor = `${systemUser()} (on the data directory)`;
  const note = (action: string, target: string, rest: Partial<AuditEntry> = {}) =>
    access.note({ actor, address: '', action, target, outcome: 'ok', ...rest });
  const tokenOf = (id: string) => {
    const record = personalTokens.find(id);
    if (record === undefined) throw new Problem('not-found', 'There is no such token.', { hint: 'weir token list' });
    return record;
  };
  return {
    users: async () => users.list().map((user) => shownUser(access, user)),
    user: async (name) => shownUser(access, users.get(name)),
    addUser: async ({ name, role, password, must_change_password: mustChangePassword = false }) => {
      const user = await access.addUser({ name, role, mustChangePassword, by: actor, ...(password !== undefined && { password }) });
      await note('users.add', name, { note: `role ${role}` });
      return shownUser(access, user);
    },
    changeUser: async (name, { role, is_disabled: isDisabled }) => {
      const user = await users.change(name, { ...(role !== undefined && { role }), ...(isDisabled !== undefined && { isDisabled }) });
      await note('users.change', user.name, { note: JSON.stringify({ role, is_disabled: isDisabled }) });
      return shownUser(access, user);
    },
    setPassword: async (name, { password, must_change_password = false }) => {
      const user = await users.setPassword(name, password, must_change_password);
      await note('users.password', user.name);
    },
    unlock: async (name) => {
      await guesses.forgive(name);
      await note('users.unlock', access.shownName(name));
    },
    endLogins: async (name) => {
      const user = await users.endLogins(name);
      await note('users.logout', user.name);
    },
    removeUser: async (name) => {
      const user = users.get(name);
      await users.remove(user.name);
      await personalTokens.revokeAll(user.name);
      await note('users.remove', user.name);
    },
    tokens: async (user) => {
      if (user === undefined) throw new Problem('invalid', 'Whose tokens?', { hint: 'weir token list --user NAME' });
      return personalTokens.of(user).map(shownToken);
    },
    addToken: async ({ title, role, days, user }) => {
      if (user === undefined) throw new Problem('invalid', 'A token for whom?', { hint: 'weir token add TITLE --user NAME' });
      const owner = users.get(user);
      const lifetime = days === undefined ? access.config.tokens.personalLifetime : days * day;
      const { token, record } = await personalTokens.issue({ user: owner.name, title, role: role ?? owner.role, lifetime });
      await note('tokens.add', owner.name, { note: `token ${record.id}, role ${record.role}` });
      return { ...shownToken(record), token };
    },
    rotateToken: async (id) => {
      const fresh = await personalTokens.rotate(tokenOf(id).id);
      if (fresh === undefined) throw new Problem('not-found', 'There is no such token.');
      await note('tokens.rotate', fresh.record.user, { note: `token ${fresh.record.id}, role ${fresh.record.role}` });
      return { ...shownToken(fresh.record), token: fresh.token };
    },
    removeToken: async (id) => {
      const record = tokenOf(id);
      await personalTokens.revoke(id);
      await note('tokens.revoke', record.user, { note: `token ${id}` });
    },
    rotateKeys: async (atOnce) => {
      await keys.rotate(atOnce);
      await note('signing-keys.rotate', '', atOnce ? { note: 'at once' } : {});
    },
    audit: ({ limit, ...query }) => audit.read(limit, passes(query)),
    checkAudit: () => audit.verify(),
    close,
  };
}

function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'somebody'; // a user id without a name, as containers have
  }
}
