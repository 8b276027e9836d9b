/**
 * Refuses a public name without documentation, and one whose type mentions a name that is not public: a line for each, with
 * file and name, and exit code 1. Public is what the subpaths of package.json export. Only syntax is read, so that it takes a
 * second or two.
 */
import { readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { entryPoints } from "./docs/entry-points.ts";
import { unnamed } from "./docs/unnamed.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

interface Found {
  readonly file: string;
  readonly line: number;
  readonly documented: boolean;
  /** The statement that declares it, and the name that it has there; null where a statement passes a whole file on. */
  readonly declared: { readonly as: string; readonly by: ts.Statement } | null;
}

const parsed = new Map<string, ts.SourceFile>();
function parse(file: string): ts.SourceFile {
  const known = parsed.get(file);
  if (known) return known;
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ES2023, true);
  parsed.set(file, source);
  return source;
}

const words = (comment: ts.JSDoc["comment"]): boolean =>
  (ts.getTextOfJSDocComment(comment) ?? "").trim() !== "";

/** A sentence, or a tag that is one: what is deprecated says what to take instead. */
const hasWords = (node: ts.Node): boolean =>
  ts
    .getJSDocCommentsAndTags(node)
    .some((d) =>
      ts.isJSDoc(d) ? words(d.comment) || (d.tags?.some(isDeprecation) ?? false) : isDeprecation(d),
    );

const isDeprecation = (tag: ts.JSDocTag): boolean => tag.tagName.text === "deprecated" && words(tag.comment);

/** Names that a statement declares. */
function declaredBy(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map((d) => d.name.getText());
  const declares =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement) ||
    ts.isEnumDeclaration(statement);
  return declares && statement.name ? [statement.name.text] : [];
}

const found = (node: ts.Statement, file: string, as?: string): Found => ({
  file,
  line: parse(file).getLineAndCharacterOfPosition(node.getStart()).line + 1,
  documented: hasWords(node),
  declared: as === undefined ? null : { as, by: node },
});

const targetOf = (file: string, specifier: ts.Expression): string =>
  resolve(dirname(file), (specifier as ts.StringLiteral).text);

/** The declaration of `name` in `file`: its own, one that it imports, or one that it passes on. */
function find(file: string, name: string): Found | null {
  let at: Found | null = null;
  for (const statement of parse(file).statements) {
    if (declaredBy(statement).includes(name)) {
      const here = found(statement, file, name);
      if (at === null || here.documented) at = here;
    } else if (ts.isExportDeclaration(statement) && statement.moduleSpecifier) {
      at ??= passedOn(file, statement).find(([passed]) => passed === name)?.[1] ?? null;
    }
  }
  return at ?? importedAs(file, name);
}

/** Where a name that `file` imports comes from. */
function importedAs(file: string, name: string): Found | null {
  for (const statement of parse(file).statements) {
    if (!ts.isImportDeclaration(statement)) continue;
    const bindings = statement.importClause?.namedBindings;
    if (!bindings || !ts.isNamedImports(bindings)) continue;
    const hit = bindings.elements.find((e) => e.name.text === name);
    if (hit) return find(targetOf(file, statement.moduleSpecifier), (hit.propertyName ?? hit.name).text);
  }
  return null;
}

/** What an `export { … } from`, `export * as … from` or `export { … }` passes on. */
function passedOn(file: string, statement: ts.ExportDeclaration): [string, Found | null][] {
  const { exportClause: clause, moduleSpecifier: from } = statement;
  const here = found(statement, file);
  if (!clause) return from ? [...exportsOf(targetOf(file, from))] : [];
  if (ts.isNamespaceExport(clause)) return [[clause.name.text, here]];
  return clause.elements.map((e): [string, Found | null] => {
    const original = (e.propertyName ?? e.name).text;
    const source = from ? find(targetOf(file, from), original) : find(file, original);
    return [e.name.text, source ? { ...source, documented: source.documented || here.documented } : here];
  });
}

function exportsOf(file: string): Map<string, Found | null> {
  const names = new Map<string, Found | null>();
  for (const statement of parse(file).statements) {
    if (ts.isExportDeclaration(statement)) {
      for (const [name, at] of passedOn(file, statement)) names.set(name, at);
    } else if (
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some((m) => m.kind === ts.SyntaxKind.ExportKeyword)
    ) {
      for (const name of declaredBy(statement)) {
        const at = found(statement, file, name);
        if (!names.get(name)?.documented) names.set(name, at);
      }
    }
  }
  return names;
}

/**
 * Names in the types that a statement writes down for `name`: not those within function bodies, nor those that only lend
 * members (`extends Omit<A, "b">`, `A["b"]`), which have their own place.
 */
function mentionedBy(statement: ts.Statement, name: string): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isBlock(node) || ts.isHeritageClause(node) || ts.isIndexedAccessTypeNode(node)) return;
    if (ts.isTypeQueryNode(node) && ts.isIdentifier(node.exprName)) names.add(node.exprName.text);
    if (ts.isVariableDeclaration(node) && node.name.getText() !== name) return;
    // where a type is written, the value is no part of it
    const written = ts.isVariableDeclaration(node) || ts.isParameter(node) ? node.type : undefined;
    if (ts.isTypeReferenceNode(node) && ts.isIdentifier(node.typeName)) names.add(node.typeName.text);
    if (written) visit(written);
    else ts.forEachChild(node, visit);
  };
  visit(statement);
  return names;
}

const keyOf = ({ file, declared }: Found): string => `${file} ${declared?.as}`;

const missing = new Set<string>();
const published = new Map<string, Found>();
let count = 0;
for (const { subpath, source } of entryPoints()) {
  for (const [name, at] of exportsOf(resolve(root, source))) {
    count++;
    if (at?.declared) published.set(keyOf(at), at);
    if (at?.documented) continue;
    const place = at ? `${relative(root, at.file)}:${at.line}` : source;
    missing.add(`${place}  ${name}, exported by ${subpath}, has no documentation: write a sentence above it`);
  }
}
for (const { file, line, declared } of published.values()) {
  const { as, by } = declared!;
  for (const name of mentionedBy(by, as)) {
    const type = find(file, name);
    if (type?.declared && !published.has(keyOf(type)) && !unnamed.includes(name))
      missing.add(
        `${relative(root, file)}:${line}  ${as} mentions ${name}, which no subpath exports: export it`,
      );
  }
}
for (const line of missing) console.error(line);
if (missing.size > 0) process.exitCode = 1;
else console.log(`all ${count} public names are documented, and so is what they mention`);
