/**
 * Sessions: interpreters that live beside the server and run statements for those who hold them: Python, PySpark, and SQL over the
 * flows. What was asked and what came of it is kept, whatever happens to the server or to an interpreter. Whoever has a session
 * runs programs as the user of the server: the room bounds what they take and sees that they end, and does not jail them.
 */
export { type SessionsConfig, sessionsSettings } from './config.ts';
export { flowsShelf } from './flows-shelf.ts';
export { livyPathOf } from './livy/paths.ts';
export { Sessions, type SessionsDependencies } from './sessions.ts';
