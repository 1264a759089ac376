import type { SourceHealth } from "@snapboard/client";
import { spellAge } from "../lib/age.ts";
import { sentence } from "../lib/facts.ts";
import { ClockIcon } from "./icons.tsx";

const names: Readonly<Record<string, string>> = {
  database: "Database",
  git: "Git",
  github: "GitHub",
  ratchet: "Auto-fix",
  run_script: "Run scripts",
  session: "Sessions",
  terminal: "Terminals",
  workspace: "Workspaces",
};

const meanings: Readonly<Record<string, string>> = {
  degraded: "It works, but slower or not in full.",
  rate_limited: "It asked to wait. What was last known is shown, and asked again as soon as it may be.",
  stale: "What it says has not been confirmed lately.",
  unreachable: "It does not answer. What was last known is shown, and asked again by itself.",
};

const refused = "It cannot be written: the disk may be full. Events are refused; snapboard doctor tells why.";

/** Where the facts come from, as far as it does not do well; one that was never asked says nothing. */
export function SourceNotes({ sources }: { sources: readonly SourceHealth[] }) {
  const troubled = sources.filter(({ state }) => state !== "live" && state !== "unknown");
  if (troubled.length === 0) return null;
  return (
    <ul aria-label="Sources" className="mt-1 flex flex-col text-small text-attention">
      {troubled.map(({ name, state, lastOkAgeMs }) => (
        <li key={name} className="flex min-w-0 items-center gap-2" title={explain(name, state, lastOkAgeMs)}>
          <ClockIcon className="shrink-0" width={11} height={11} />
          <span className="truncate">
            {names[name] ?? sentence(name)}: {name === "database" ? "cannot be written" : sentence(state).toLowerCase()}
          </span>
        </li>
      ))}
    </ul>
  );
}

function explain(name: string, state: string, lastOkAgeMs: number | null): string {
  if (name === "database") return refused;
  const last = lastOkAgeMs === null ? "It has not answered yet." : `It last answered ${spellAge(lastOkAgeMs)}.`;
  return [meanings[state], last].filter((part) => part !== undefined).join("\n");
}
