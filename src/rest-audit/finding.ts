/** Levels of Richardson's model: 0 one address, 1 resources, 2 methods and statuses, 3 links. */
export type Level = 0 | 1 | 2 | 3;

/** What was found at one place of an API. */
export type Finding = {
  /** The level that it concerns. */
  level: 1 | 2 | 3;
  /** The rule, as the documentation names it: `verb-in-path`. */
  rule: string;
  /** It keeps the place from the level; a remark does not. */
  isFault: boolean;
  /** Where: `GET /users/{id}`. */
  place: string;
  /** What is there, and what is expected instead. */
  text: string;
};

/** How an API fares on one level: the places that were looked at, and those without a fault. */
export type LevelScore = { level: 1 | 2 | 3; places: number; good: number; isReached: boolean };

/** The outcome of an audit. */
export type Audit = { target: string; level: Level; levels: LevelScore[]; findings: Finding[] };

/** The part of the places that has to be good for a level: one odd corner does not take it away. */
export const enough = 0.9;

/** How a level is scored: the places that it is about, and those that have no fault of this level. `isOff` takes it away whatever the rest. */
export function scoreLevel(level: 1 | 2 | 3, places: readonly string[], findings: readonly Finding[], isOff = false): LevelScore {
  const faulty = new Set(findings.filter((one) => one.level === level && one.isFault).map(({ place }) => place));
  const good = places.filter((place) => !faulty.has(place)).length;
  return { level, places: places.length, good, isReached: !isOff && places.length > 0 && good >= enough * places.length };
}

/** Levels stand on one another: the highest without a gap below it. */
export function levelOf(levels: readonly LevelScore[]): Level {
  let reached: Level = 0;
  for (const { level, isReached } of levels) {
    if (!isReached) break;
    reached = level;
  }
  return reached;
}
