import type { CiStatus, PrState, Workspace } from "@snapboard/client";
import { memo, type ReactNode } from "react";
import { formatAge, formatTime, parseTime, spellAge } from "../lib/age.ts";
import { isReasonAssumed, isUnknown, oddText, plural, problemTitle, safeUrl, sentence, toneOf } from "../lib/facts.ts";
import { useNow } from "../lib/now.ts";
import { sessionStatus } from "../lib/session_status.ts";
import { visible } from "../lib/visible_text.ts";
import {
  AgentIcon,
  BranchIcon,
  CheckIcon,
  ClockIcon,
  CrossIcon,
  MergedIcon,
  PencilIcon,
  PullRequestIcon,
  QuestionIcon,
  RunningIcon,
  WarningIcon,
} from "./icons.tsx";
import { toneDot, toneTint } from "./tone.ts";

export function ToneDot({ workspace }: { workspace: Workspace }) {
  return <span aria-hidden="true" className={`dot size-2 shrink-0 ${toneDot[toneOf(workspace)]}`} />;
}

/** A short word on a soft ground. */
export function Badge({ children, title, className }: { children: ReactNode; title?: string; className?: string }) {
  return (
    <span
      title={title}
      className={`inline-flex h-4.5 shrink-0 items-center gap-1 rounded px-1.5 text-tiny font-medium whitespace-nowrap ${className ?? "bg-neutral-tint text-soft"}`}
    >
      {children}
    </span>
  );
}

export function MainBadge({ workspace }: { workspace: Workspace }) {
  if (!workspace.isMain) return null;
  return (
    <Badge title="The repository's main worktree" className="border border-line-strong text-soft">
      main worktree
    </Badge>
  );
}

/** Why the workspace is where it is, in the server's words. */
export function ReasonChip({ workspace }: { workspace: Workspace }) {
  const { label, tone } = workspace.statusReason;
  const assumed = isReasonAssumed(workspace);
  const foreign = oddText(workspace, "statusReason.code");
  const title = assumed
    ? "Assumed: nobody has reported this workspace's sessions yet"
    : foreign === null
      ? undefined
      : `A reason this page does not know: ${foreign}`;
  return (
    <span
      {...(title === undefined ? {} : { title })}
      className={`inline-flex h-5 min-w-0 items-center gap-1.5 rounded-md px-1.5 text-small font-medium ${toneTint[tone]}`}
    >
      <span className={`truncate ${assumed ? "assumed" : ""}`}>{label || sentence(workspace.statusReason.code)}</span>
      {assumed && <span className="sr-only">(assumed)</span>}
      {foreign !== null && <QuestionIcon width={12} height={12} />}
    </span>
  );
}

/** What a newer server said that this page has no name for. */
export function OddChip({ workspace }: { workspace: Workspace }) {
  if (workspace.odd.length === 0) return null;
  const what = workspace.odd.map((odd) => `${odd.path}: ${odd.value}`).join("\n");
  return (
    <Badge className="bg-waiting-tint text-waiting" title={`This page does not know\n${what}`}>
      <QuestionIcon width={11} height={11} />
      {plural(workspace.odd.length, "unknown value")}
    </Badge>
  );
}

export function OperationChip({ workspace }: { workspace: Workspace }) {
  if (workspace.operation === null) return null;
  return (
    <Badge className="bg-attention-tint text-attention" title={`A ${workspace.operation} is in progress`}>
      {workspace.operation}
    </Badge>
  );
}

export function ProblemLine({ workspace }: { workspace: Workspace }) {
  const { problem } = workspace;
  if (!problem) return null;
  return (
    <p className="flex items-start gap-1.5 rounded-md bg-danger-tint px-2 py-1.5 text-small text-danger">
      <WarningIcon className="mt-0.5 shrink-0" width={13} height={13} />
      <span className="line-clamp-3 min-w-0 break-words">
        <span className="font-medium">{problemTitle(problem.code)}.</span> {problem.message}
      </span>
    </p>
  );
}

/** Branch, or in words why there is none. */
export function BranchName({ workspace, className }: { workspace: Workspace; className?: string }) {
  const { branchName, ahead, behind } = workspace;
  const unknown = branchName === null && isUnknown(workspace, "branchName");
  return (
    <span className={`flex min-w-0 items-center gap-1 text-soft ${className ?? ""}`}>
      <BranchIcon className="shrink-0 text-faint" width={13} height={13} />
      <span className="sr-only">Branch</span>
      {branchName === null ? (
        <span className="text-small text-faint italic">{unknown ? "branch unknown" : "detached HEAD"}</span>
      ) : (
        <span dir="auto" className="truncate font-mono text-tiny" title={visible(branchName)}>
          {visible(branchName)}
        </span>
      )}
      {ahead !== null && ahead > 0 && (
        <span className="shrink-0 text-tiny tabular-nums" title={`${plural(ahead, "commit")} ahead of its upstream`}>
          ↑{ahead}
        </span>
      )}
      {behind !== null && behind > 0 && (
        <span className="shrink-0 text-tiny tabular-nums" title={`${plural(behind, "commit")} behind its upstream`}>
          ↓{behind}
        </span>
      )}
    </span>
  );
}

/** Size of the worktree against its base. Unknown is not zero. */
export function Diff({ workspace, compact = false }: { workspace: Workspace; compact?: boolean }) {
  const stats = workspace.gitStats;
  if (stats === null) {
    const unknown = isUnknown(workspace, "gitStats");
    if (compact) return null;
    return (
      <span className="text-faint" title={unknown ? "Nobody has measured this worktree yet" : "No base to compare with"}>
        {unknown ? "not measured" : "no diff"}
      </span>
    );
  }
  const { additions, deletions, total, untrackedFiles, hasUncommitted, stale } = stats;
  const clean = total === 0 && untrackedFiles === 0;
  const title = [
    `${plural(total, "changed file")} against the base: ${additions} added, ${plural(deletions, "deleted line")}`,
    untrackedFiles > 0 ? `${plural(untrackedFiles, "untracked file")}, ${plural(stats.untrackedAdditions, "line")}` : "",
    hasUncommitted ? "There are uncommitted changes" : "Everything is committed",
    stale ? "Last good value: the latest measurement failed" : "",
  ]
    .filter((line) => line !== "")
    .join("\n");
  return (
    <span
      title={title}
      className="inline-flex items-center gap-1.5 whitespace-nowrap tabular-nums"
    >
      {clean ? (
        <span className="text-faint">no changes</span>
      ) : (
        <>
          {total > 0 && (
            <>
              <span className="font-medium text-success">+{additions.toLocaleString()}</span>
              <span className="font-medium text-danger">−{deletions.toLocaleString()}</span>
            </>
          )}
          {!compact && total > 0 && <span className="text-soft">{plural(total, "file")}</span>}
          {(!compact || total === 0) && untrackedFiles > 0 && (
            <span className="text-faint">{untrackedFiles.toLocaleString()} untracked</span>
          )}
        </>
      )}
      {hasUncommitted && !compact && total > 0 && (
        <>
          <PencilIcon className="text-faint" width={12} height={12} />
          <span className="sr-only">uncommitted</span>
        </>
      )}
      {stale && (
        <span className="inline-flex items-center gap-0.5 text-attention">
          <ClockIcon width={11} height={11} />
          <span className={compact ? "sr-only" : ""}>stale</span>
        </span>
      )}
    </span>
  );
}

const prTone: Readonly<Record<PrState, string>> = {
  NONE: "text-faint",
  DRAFT: "text-faint",
  OPEN: "text-success",
  CHANGES_REQUESTED: "text-attention",
  APPROVED: "text-success",
  MERGED: "text-waiting",
  CLOSED: "text-danger",
};

export function prStateText(workspace: Workspace): string {
  return sentence(oddText(workspace, "prState") ?? workspace.prState);
}

const ciIcon: Readonly<Record<CiStatus, { readonly tone: string; readonly text: string; readonly Icon: typeof CheckIcon }>> = {
  SUCCESS: { tone: "text-success", text: "Checks passed", Icon: CheckIcon },
  FAILURE: { tone: "text-danger", text: "Checks failed", Icon: CrossIcon },
  PENDING: { tone: "text-working", text: "Checks running", Icon: RunningIcon },
  UNKNOWN: { tone: "text-faint", text: "Checks unknown", Icon: QuestionIcon },
};

export function CiMark({ workspace, words = false }: { workspace: Workspace; words?: boolean }) {
  const { Icon, text, tone } = ciIcon[workspace.prCiStatus];
  return (
    <span className={`inline-flex shrink-0 items-center gap-1 ${tone}`} title={text}>
      <Icon width={13} height={13} />
      <span className={words ? "" : "sr-only"}>{text}</span>
    </span>
  );
}

export function hasPullRequest(workspace: Workspace): boolean {
  return workspace.prNumber !== null || workspace.prUrl !== null || workspace.prState !== "NONE";
}

export function isPullRequestUnknown(workspace: Workspace): boolean {
  return !hasPullRequest(workspace) && (isUnknown(workspace, "prState") || isUnknown(workspace, "prUrl"));
}

/** Number, state and checks of the pull request; nothing when there is none. */
export function PullRequest({ workspace, words = false }: { workspace: Workspace; words?: boolean }) {
  if (!hasPullRequest(workspace)) return null;
  const { prNumber, prState, hasMergeConflict } = workspace;
  const Icon = prState === "MERGED" ? MergedIcon : PullRequestIcon;
  const name = prNumber === null ? "PR" : `#${prNumber}`;
  const state = prStateText(workspace);
  const url = safeUrl(workspace.prUrl);
  const label = (
    <>
      <Icon className={`shrink-0 ${prTone[prState]}`} width={13} height={13} />
      <span className="font-medium tabular-nums">{name}</span>
      <span className={words ? "truncate text-soft" : "sr-only"}>{state}</span>
    </>
  );
  const closed = prState === "MERGED" || prState === "CLOSED";
  return (
    <span className="inline-flex max-w-full items-center gap-1.5 whitespace-nowrap" title={`Pull request ${name}: ${state}`}>
      {url === undefined ? (
        <span className="inline-flex min-w-0 items-center gap-1">{label}</span>
      ) : (
        <a
          href={url}
          target="_blank"
          rel="noreferrer"
          className="inline-flex min-w-0 items-center gap-1 underline-offset-2 hover:underline"
        >
          {label}
        </a>
      )}
      {!closed && <CiMark workspace={workspace} />}
      {hasMergeConflict && !closed && (
        <span className="inline-flex shrink-0 items-center text-attention" title="Merge conflict">
          <WarningIcon width={13} height={13} />
          <span className="sr-only">Merge conflict</span>
        </span>
      )}
    </span>
  );
}

/** How many agents there are and what they do; an agent we know nothing about is unknown, not idle. */
export function Sessions({ workspace }: { workspace: Workspace }) {
  const sessions = workspace.sessionSummaries;
  if (sessions.length === 0) return null;
  const statuses = sessions.map((_, index) => sessionStatus(workspace, index));
  const working = statuses.filter((status) => status === "working").length;
  const unknown = statuses.filter((status) => status === "unknown").length;
  const text = [plural(sessions.length, "session"), working > 0 ? `${working} working` : "", unknown > 0 ? `${unknown} unknown` : ""]
    .filter((part) => part !== "")
    .join(", ");
  return (
    <span className="inline-flex items-center gap-1 whitespace-nowrap text-soft" title={text}>
      <AgentIcon className={working > 0 ? "text-working" : "text-faint"} width={13} height={13} />
      <span aria-hidden="true" className="tabular-nums">
        {working > 0 && working < sessions.length ? `${working}/${sessions.length}` : sessions.length}
        {unknown > 0 && "?"}
      </span>
      <span className="sr-only">{text}</span>
    </span>
  );
}

interface AgeProps {
  readonly at: string | null;
  readonly empty?: string;
  readonly spelled?: boolean;
  readonly className?: string;
}

/** Time since, moving by itself. */
export const Age = memo(function Age({ at, empty, spelled = false, className }: AgeProps) {
  const now = useNow();
  const time = parseTime(at);
  if (time === null) return empty === undefined ? null : <span className={`text-faint ${className ?? ""}`}>{empty}</span>;
  const age = Math.max(0, now - time);
  return (
    <time
      dateTime={new Date(time).toISOString()}
      title={formatTime(time)}
      className={`whitespace-nowrap tabular-nums ${className ?? ""}`}
    >
      {spelled ? (
        spellAge(age)
      ) : (
        <>
          <span aria-hidden="true">{formatAge(age)}</span>
          <span className="sr-only">{spellAge(age)}</span>
        </>
      )}
    </time>
  );
});

export function Activity({ workspace, className }: { workspace: Workspace; className?: string }) {
  const empty = isUnknown(workspace, "lastActivityAt") ? "" : "—";
  return <Age at={workspace.lastActivityAt} empty={empty} {...(className === undefined ? {} : { className })} />;
}
