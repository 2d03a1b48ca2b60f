// What a script loads, read from its sources without running it: every file, and every package.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import ts from 'typescript';

export interface ImportGraph {
  /** The script itself and all files that it loads, as absolute paths. */
  readonly files: ReadonlySet<string>;
  /** What it loads that is not a file of its own, such as `node:fs` or a package, with the file that asks for it. */
  readonly packages: ReadonlyMap<string, string>;
}

/** Follows relative imports from a script, also those that are only made while it runs. */
export function importGraph(script: string): ImportGraph {
  const files = new Set([script]);
  const packages = new Map<string, string>();
  for (const file of files) {
    for (const specifier of importsOf(file)) {
      if (specifier.startsWith('.')) files.add(resolve(dirname(file), specifier));
      else packages.set(specifier, file);
    }
  }
  return { files, packages };
}

function importsOf(file: string): string[] {
  const specifiers: string[] = [];
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node);
    if (specifier !== undefined && ts.isStringLiteralLike(specifier)) specifiers.push(specifier.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest));
  return specifiers;
}

/** Imports of types alone are gone when the script runs. */
function specifierOf(node: ts.Node): ts.Expression | undefined {
  if (ts.isImportDeclaration(node))
    return node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword ? undefined : node.moduleSpecifier;
  if (ts.isExportDeclaration(node)) return node.isTypeOnly ? undefined : node.moduleSpecifier;
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) return node.arguments[0];
  return undefined;
}
