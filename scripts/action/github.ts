/** A comment on a pull request by GitHub's REST API (version 2022-11-28): one for each marker, replaced each time. */
import { z } from "zod";
import { SteepestError } from "../../src/run/errors.ts";

export interface Place {
  /** "https://api.github.com", or the server's own. */
  readonly api: string;
  readonly repository: string;
  readonly pullRequest: number;
  readonly token: string;
  /** The token of such a job can't write. */
  readonly fromFork: boolean;
}

const Event = z.object({
  pull_request: z
    .object({
      number: z.number().int().positive(),
      head: z.object({ repo: z.object({ full_name: z.string() }).nullable() }),
    })
    .optional(),
});

/** Null for a job that belongs to no pull request. @throws SteepestError */
export function placeOf(
  event: unknown,
  env: Readonly<Record<string, string | undefined>>,
  token: string,
): Place | null {
  const { data, error } = Event.safeParse(event);
  if (data === undefined) {
    throw new SteepestError("event", `the job's event can't be read: ${z.prettifyError(error)}`, {
      help: "run the action in a job of GitHub Actions",
    });
  }
  if (data.pull_request === undefined) return null;
  const repository = env["GITHUB_REPOSITORY"] ?? "";
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository) || token === "") {
    throw new SteepestError("environment", "the repository's name or the token is missing", {
      help: "run the action in a job of GitHub Actions, and leave 'token' at its default",
    });
  }
  const { number, head } = data.pull_request;
  return {
    api: env["GITHUB_API_URL"] ?? "https://api.github.com",
    repository,
    pullRequest: number,
    token,
    fromFork: head.repo?.full_name !== repository,
  };
}

const Comments = z.array(
  z.object({ id: z.number(), body: z.string().nullish(), user: z.object({ type: z.string() }).nullable() }),
);

const PAGE = 100;

/** Why it was refused, or null when it is there. */
export async function putComment(
  place: Place,
  { body, marker }: { body: string; marker: string },
): Promise<string | null> {
  const comments = `${place.api}/repos/${place.repository}/issues/${place.pullRequest}/comments`;
  for (let page = 1; ; page++) {
    const listed = await ask(place, "GET", `${comments}?per_page=${PAGE}&page=${page}`);
    if (!listed.ok) return wordsOf(listed);
    const found = Comments.parse(await listed.json());
    // somebody's text that begins like ours stays theirs
    const own = found.find((c) => c.user?.type === "Bot" && c.body?.startsWith(marker) === true);
    if (own !== undefined) {
      const to = `${place.api}/repos/${place.repository}/issues/comments/${own.id}`;
      return written(await ask(place, "PATCH", to, { body }));
    }
    if (found.length < PAGE) return written(await ask(place, "POST", comments, { body }));
  }
}

/** Milliseconds that GitHub may take. */
const PATIENCE = 30_000;

const ask = ({ token }: Place, method: string, url: string, body?: object): Promise<Response> =>
  fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      accept: "application/vnd.github+json",
      "x-github-api-version": "2022-11-28",
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(PATIENCE),
  });

const wordsOf = ({ status }: Response): string => `GitHub answered ${status}`;

async function written(answer: Response): Promise<string | null> {
  await answer.body?.cancel();
  return answer.ok ? null : wordsOf(answer);
}
