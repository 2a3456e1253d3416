import { decodeNode } from '../tree/codec.ts';
import { depthOf, type Path } from '../tree/path.ts';
import { stepLimit } from './draft.ts';
import type { Known, Missing } from './known.ts';
import { bytesOf, type Layout } from './layout.ts';
import type { RangeAnswer, RangeRequest } from './messages.ts';
import type { LookUp, SpaceState } from './space-state.ts';

/** Levels that one look below a directory takes in. */
const levelsAtOnce = 8;

/** One question to the cluster, and what to do with its answer. */
type Question = { ranges: readonly RangeRequest[]; learn(answers: readonly (RangeAnswer | undefined)[], known: Known): void };

/**
 * Learns what was missing, all of it at the state's own revision; whoever plans will tell what is still missing. Answers false
 * when nothing was learned, since the member that was asked is behind the state, or the state was behind the cluster.
 */
export async function lookUp(missing: Missing, state: SpaceState, options: LookUp): Promise<boolean> {
  const { layout, known } = state;
  const questions: Question[] = [];
  for (const path of missing.nodes) questions.push(nodeQuestion(path, layout));
  for (const [dir, count] of missing.children) questions.push(childrenQuestion(dir, count, layout));
  for (const dir of missing.depths) questions.push(depthQuestion(dir, { layout, from: 1 }));
  while (questions.length > 0) {
    const asked = take(questions);
    const ranges = asked.flatMap(({ ranges }) => ranges);
    let more: Question[] = [];
    const learn = (answers: readonly (RangeAnswer | undefined)[]) => {
      let at = 0;
      for (const question of asked) {
        question.learn(answers.slice(at, at + question.ranges.length), known);
        at += question.ranges.length;
      }
      more = asked.flatMap((question) => (question as DepthQuestion).next ?? []);
    };
    if (!(await state.lookUp(ranges, learn, options))) return false;
    questions.push(...more);
  }
  return true;
}

/** As many questions as one transaction takes. */
function take(questions: Question[]): Question[] {
  let steps = 0;
  let count = 0;
  for (const question of questions) {
    steps += question.ranges.length;
    if (steps > stepLimit) break;
    count++;
  }
  return questions.splice(0, count);
}

function nodeQuestion(path: Path, layout: Layout): Question {
  const learn: Question['learn'] = ([answer], known) => {
    const entry = answer?.entries[0];
    known.learn(path, entry === undefined ? null : decodeNode(path, entry.value));
  };
  return { ranges: [{ key: bytesOf(layout.node(path)) }], learn };
}

function childrenQuestion(dir: Path, count: number, layout: Layout): Question {
  const [key, end] = layout.below(dir, 1).map(bytesOf) as [Buffer, Buffer];
  const learn: Question['learn'] = ([answer], known) => {
    const paths = new Set(answer?.entries.map((entry) => layout.pathOf(entry.key)));
    known.learnChildren(dir, { paths, isWhole: answer?.hasMore !== true });
  };
  return { ranges: [{ key, end, limit: count + 16, isKeysOnly: true }], learn };
}

type DepthQuestion = Question & { next?: Question[] };

/** Directories have no gaps below them: the first empty level is behind the deepest. */
function depthQuestion(dir: Path, { layout, from }: { layout: Layout; from: number }): DepthQuestion {
  const ranges = Array.from({ length: levelsAtOnce }, (_, at) => {
    const [key, end] = layout.below(dir, from + at).map(bytesOf) as [Buffer, Buffer];
    return { key, end, limit: 1, isKeysOnly: true };
  });
  const question: DepthQuestion = {
    ranges,
    learn: (answers, known) => {
      const empty = answers.findIndex((answer) => (answer?.entries.length ?? 0) === 0);
      if (empty >= 0) known.learnDepth(dir, depthOf(dir) + from - 1 + empty);
      else question.next = [depthQuestion(dir, { layout, from: from + levelsAtOnce })];
    },
  };
  return question;
}
