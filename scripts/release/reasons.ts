/** What speaks against a release, from the files alone. */

interface Manifest {
  readonly version: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  /** Where the sources lie in public, as npm wants it: provenance is refused without it. */
  readonly repository?: { readonly type: string; readonly url: string };
  readonly homepage?: string;
}

/** One sentence for each reason; none where the files are ready. */
export function reasonsAgainst({
  manifest,
  lab,
  lock,
  changelog,
  changed,
}: {
  readonly manifest: Manifest;
  readonly lab: Manifest;
  readonly lock: Manifest;
  readonly changelog: string;
  /** What `git status --porcelain` says. */
  readonly changed: string;
}): string[] {
  const { version } = manifest;
  const wanted = manifest.optionalDependencies?.["@steepest/lab"];
  const heading = /^## (.*)$/m.exec(changelog)?.[1] ?? "";
  return [
    lab.version !== version && `packages/lab has version ${lab.version}, and the root ${version}`,
    wanted !== version && `the root asks for @steepest/lab ${wanted}, and its version is ${version}`,
    lock.version !== version && `package-lock.json has version ${lock.version}: run npm install`,
    heading !== version && `CHANGELOG.md begins with "${heading}": its first heading has to be ${version}`,
    ...[manifest, lab].map(
      ({ repository, homepage }, i) =>
        (repository === undefined || homepage === undefined) &&
        `${["package.json", "packages/lab/package.json"][i]} has no repository or no homepage: write the public address of the sources`,
    ),
    changed.trim() !== "" && `there are changes that are not committed:\n${changed.trimEnd()}`,
  ].filter((reason) => reason !== false);
}
