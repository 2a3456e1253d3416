/** What the log of a batch says of its application. */
import type { SessionLog } from '../log-file.ts';
import type { AppInfo } from '../session.ts';

/** Ids as YARN, a standalone master, Kubernetes and a local Spark give them. */
const ids = /\b(application_\d{13}_\d{4,}|app-\d{14}-\d{4,}|spark-application-\d{13}|local-\d{13})\b/;
const page = /SparkUI\b.*\bat (https?:\/\/[\w.:-]+)/;
/** It says so at its start. */
const linesRead = 500;

/** The id of the application and the page of its driver, or undefined while nothing is said. */
export function factsOf(log: SessionLog): { appId: string; appInfo?: AppInfo } | undefined {
  const text = log.read(0, linesRead).lines.join('\n');
  const appId = ids.exec(text)?.[1];
  if (appId === undefined) return undefined;
  const sparkUiUrl = page.exec(text)?.[1];
  return { appId, ...(sparkUiUrl !== undefined && { appInfo: { sparkUiUrl } }) };
}
