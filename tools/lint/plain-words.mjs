// Words that comments, names of tests and documents do without: the noun says who is meant. The ESLint rule reads the comments and
// the names of tests, `plain-words.spec.ts` the documents.

/** A word that is quoted by itself is a name. */
const AVOIDED =
  /(?<![\w-])(?!(?<=['`])\w+['`])(nobody|somebody|anybody|everybody|whoever|whom|by turns|in words|at hand)(?![\w-])/i;

/**
 * The first avoided word of a text, or undefined.
 *
 * @param {string} text
 */
export const avoidedWord = (text) => AVOIDED.exec(text)?.[0];

const TEST_FUNCTIONS = new Set(['describe', 'it', 'test']);
const VARIANTS = new Set(['concurrent', 'each', 'for', 'runIf', 'skipIf']);

/** Whether a call names a test: `it('…')`, `it.each(rows)('…')` and the like. */
function namesTest(callee) {
  if (callee.type === 'Identifier') return TEST_FUNCTIONS.has(callee.name);
  if (callee.type === 'MemberExpression') return VARIANTS.has(callee.property.name) && namesTest(callee.object);
  return callee.type === 'CallExpression' && namesTest(callee.callee);
}

export const plainWordsRule = {
  meta: {
    type: 'suggestion',
    schema: [],
    docs: { description: 'Comments and names of tests say a noun instead of “nobody” and the like.' },
  },
  create(context) {
    const check = (node, text) => {
      const word = avoidedWord(text);
      if (word !== undefined) context.report({ node, message: `Name the noun instead of '${word}'.` });
    };
    return {
      Program() {
        for (const comment of context.sourceCode.getAllComments()) check(comment, comment.value);
      },
      CallExpression({ callee, arguments: [title] }) {
        if (!namesTest(callee)) return;
        if (title?.type === 'Literal' && typeof title.value === 'string') check(title, title.value);
        if (title?.type === 'TemplateLiteral') for (const part of title.quasis) check(part, part.value.raw);
      },
    };
  },
};
