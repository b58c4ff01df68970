/** What an expression may be: more is a mistake, or meant to keep somebody waiting. Both are GitHub's own bounds or wider. */
export const EXPRESSION_LENGTH_MAX = 21_000;
/** Brackets in brackets, operators in operators, defaults in defaults. */
export const EXPRESSION_DEPTH_MAX = 200;

export const tooLong = `The expression is longer than ${EXPRESSION_LENGTH_MAX} characters`;
export const tooDeep = `The expression is nested deeper than ${EXPRESSION_DEPTH_MAX}`;
