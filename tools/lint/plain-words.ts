// Words that comments, names of tests and documents do without: the noun says who is meant.
import type { NamedSource } from './namesakes.ts';

/** A word that is quoted by itself is a name. */
const AVOIDED =
  /(?<![\w-])(?!(?<=['`])\w+['`])(nobody|somebody|anybody|everybody|whoever|whom|by turns|in words|at hand)(?![\w-])/i;
const COMMENT = /(?:^|\s)\/\/|^\s*\/?\*/;
/** The title of a test, or of a row of a table of tests. */
const TITLE = /^\s*(?:(?:describe|it|test)[\w.]*\(|\[)\s*['"`]/;

/**
 * Lines of prose that use one of the avoided words.
 *
 * @returns each as `path:line: word`
 */
export function avoidedWords(files: readonly NamedSource[]): string[] {
  return files.flatMap(({ path, text }) => {
    const isProse = path.endsWith('.md');
    return text.split('\n').flatMap((line, index) => {
      const found = AVOIDED.exec(line);
      if (found === null || !(isProse || COMMENT.test(line) || TITLE.test(line))) return [];
      return [`${path}:${index + 1}: ${found[1]!}`];
    });
  });
}
