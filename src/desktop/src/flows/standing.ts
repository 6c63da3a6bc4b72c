/** How a flow stands, in one word for the list: the worst first. */

import type { IconName } from '../components/Icon.svelte';
import { flowWords } from '../words_flows';
import type { FlowInShort, Problem, Verdict } from './told';

export interface Standing {
  tone: 'good' | 'warn' | 'bad' | 'dim';
  icon: IconName;
  word: string;
}

export function standing(flow: FlowInShort): Standing {
  if (flow.version === null) return { tone: 'bad', icon: 'cross', word: flowWords.servesNot(flow.errors) };
  if (!flow.serves) return { tone: 'bad', icon: 'warning', word: flowWords.servesOlder(flow.errors) };
  if (flow.errors) return { tone: 'bad', icon: 'warning', word: flowWords.servesWithMistakes(flow.errors) };
  if (flow.tests.failed) return { tone: 'warn', icon: 'warning', word: flowWords.testsFailed(flow.tests.failed) };
  if (flow.tests.unreadable) return { tone: 'warn', icon: 'warning', word: flowWords.testsUnreadable(flow.tests.unreadable) };
  if (flow.warnings) return { tone: 'warn', icon: 'warning', word: flowWords.warnings(flow.warnings) };
  return { tone: 'good', icon: 'check', word: flowWords.serves };
}

/** Return what leads into a flow. */
export function entry(flow: FlowInShort): string {
  const ways = [...flow.numbers, ...(flow.any_other_number ? [flowWords.anyOtherNumber] : []), ...flow.channels];
  return ways.join(', ') || flowWords.noEntry;
}

/** Return how many people are in a flow. */
export const peopleIn = (steps: Record<string, number> | undefined): number => Object.values(steps ?? {}).reduce((sum, one) => sum + one, 0);

/** Return the tests in the order of their interest: what failed first, each group as in the file. */
export const byVerdict = (verdicts: Verdict[]): Verdict[] => [...verdicts.filter((one) => !one.passed), ...verdicts.filter((one) => one.passed)];

/** Return where a problem is, as editors and compilers write it. */
export const placeOf = (problem: Problem): string => `${problem.file}:${problem.line}:${problem.column}`;
