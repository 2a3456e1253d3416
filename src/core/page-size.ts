/** The most items that one page of a list holds. Apart from `paging.ts`: commands need no schemas. */
export const largestPage = 1000;
