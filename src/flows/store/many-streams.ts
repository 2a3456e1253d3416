/** More streams than these have the cores busy without anything read ahead, and their memory adds up. */
export const fewStreams = 2;

/** Blocks that each of many streams may have under way from one thread to the next, some 1 MB. */
export const blocksOfMany = 4;
