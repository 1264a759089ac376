import type { Entry, PendingRequestType, Workspace } from "@snapboard/client";
import { Dialog } from "radix-ui";
import { Fragment, useRef, type ReactNode } from "react";
import { isAsking, isUnknown, oddInList, oddText, plural, problemTitle, safeUrl, sentence } from "../lib/facts.ts";
import { useMedia } from "../lib/media.ts";
import { mainId, navOf } from "../lib/nav_focus.ts";
import { sessionStatus, sessionWords } from "../lib/session_status.ts";
import { visible } from "../lib/visible_text.ts";
import { AutoFix } from "./auto_fix.tsx";
import { Age, Badge, CiMark, hasPullRequest, isPullRequestUnknown, MainBadge, prStateText, ReasonChip } from "./chips.tsx";
import { Actions } from "./actions.tsx";
import { Backdrop } from "./backdrop.tsx";
import { CopyButton } from "./copy_button.tsx";
import { AgentIcon, CrossIcon, LinkIcon, QuestionIcon, TerminalIcon, WarningIcon } from "./icons.tsx";
import { sessionTones } from "./tone.ts";

interface DetailsProps {
  readonly workspaceId: string;
  /** Undefined: it was removed while it was being looked at. */
  readonly workspace: Workspace | undefined;
  /** The server makes and ends workspaces of this project. */
  readonly canChange: boolean;
  readonly onClose: () => void;
}

/** Every fact about one workspace, beside the board or over it. */
export function Details({ workspaceId, workspace, canChange, onClose }: DetailsProps) {
  const docked = useMedia("(min-width: 96rem)");
  const modal = !useMedia("(min-width: 56rem)");
  const content = useRef<HTMLDivElement>(null);
  const opener = useRef<Element | null>(null);
  /** The control that opened it, another one of the same workspace, or the main region. */
  const wayBack = () => {
    const before = opener.current;
    if (before instanceof HTMLElement && before.isConnected && before.dataset.nav === workspaceId) return before;
    const main = document.getElementById(mainId);
    return (main && navOf(main, workspaceId)) ?? navOf(document, workspaceId) ?? main;
  };
  return (
    <Dialog.Root open modal={modal} onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        {modal && <Backdrop />}
        <Dialog.Content
          ref={content}
          tabIndex={-1}
          aria-describedby={undefined}
          onOpenAutoFocus={(event) => {
            event.preventDefault();
            opener.current = document.activeElement;
            content.current?.focus();
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            if (document.activeElement === document.body) wayBack()?.focus();
          }}
          onEscapeKeyDown={(event) => {
            // A question takes its own Escape.
            if (event.target instanceof Element && event.target.closest("[data-asks]")) event.preventDefault();
          }}
          onFocusOutside={(event) => event.preventDefault()} // only a click or Escape closes it
          onInteractOutside={(event) => {
            // Another workspace is opened in place; beside the board the panel stays until it is closed.
            const target = event.target instanceof Element ? event.target : null;
            if (docked || target?.closest("[data-nav], [data-workspace]")) event.preventDefault();
          }}
          className="fixed inset-y-0 right-0 z-40 flex w-full animate-enter-right flex-col border-line bg-raised shadow-high outline-none sm:w-[26rem] sm:border-l 2xl:shadow-none"
        >
          <header className="flex shrink-0 items-start gap-2 border-b border-line px-4 pt-3 pb-3">
            <div className="flex min-w-0 flex-1 flex-col gap-1.5">
              <Dialog.Title dir="auto" className="text-left text-title font-semibold break-words">
                {workspace ? visible(workspace.name) || "(no name)" : "Not on the board"}
              </Dialog.Title>
              {workspace && (
                <div className="flex flex-wrap items-center gap-1.5">
                  <ReasonChip workspace={workspace} />
                  <MainBadge workspace={workspace} />
                </div>
              )}
            </div>
            <Dialog.Close
              aria-label="Close"
              title="Close (Esc)"
              className="-mr-1.5 grid size-7 shrink-0 place-items-center rounded-md text-faint hover:bg-hover hover:text-ink"
            >
              <CrossIcon />
            </Dialog.Close>
          </header>
          <div key={workspaceId} className="min-h-0 flex-1 overflow-y-auto px-4 pb-8">
            {workspace ? (
              <Body workspace={workspace} />
            ) : (
              <p className="py-6 text-soft">
                No workspace of this project has the id <span className="font-mono text-small break-all">{visible(workspaceId)}</span>.
                It was archived or removed, or the address names one from elsewhere.
              </p>
            )}
          </div>
          {workspace && canChange && <Actions key={`actions ${workspaceId}`} workspace={workspace} />}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Body({ workspace }: { workspace: Workspace }) {
  return (
    <>
      <Notices workspace={workspace} />
      <Requests workspace={workspace} />
      <Git workspace={workspace} />
      <PullRequestFacts workspace={workspace} />
      <SessionFacts workspace={workspace} />
      <TerminalFacts workspace={workspace} />
      <Automation workspace={workspace} />
      <RecordFacts workspace={workspace} />
    </>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="border-b border-line/70 py-3 last:border-0">
      <h3 className="mb-1.5 text-small font-semibold text-faint">{title}</h3>
      {children}
    </section>
  );
}

type Fact = readonly [name: string, value: ReactNode] | null | false;

/** Names and values. An empty value is "none". */
function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className="grid grid-cols-[7rem_minmax(0,1fr)] gap-x-3 gap-y-1">
      {facts.map(
        (fact) =>
          fact && (
            <Fragment key={fact[0]}>
              <dt className="text-soft">{fact[0]}</dt>
              <dd className="min-w-0 break-words">{fact[1] || <span className="text-faint">none</span>}</dd>
            </Fragment>
          ),
      )}
    </dl>
  );
}

const unknownMark = (
  <span className="text-faint" title="Nobody has reported this yet">
    unknown
  </span>
);

/** The value, unless nobody has reported it. */
function known(workspace: Workspace, field: keyof Entry, value: ReactNode): ReactNode {
  if (isUnknown(workspace, field)) return unknownMark;
  return named(oddText(workspace, field), value);
}

/** The value, unless the server said one that this page has no name for. */
function named(foreign: string | null, value: ReactNode): ReactNode {
  return foreign === null ? value : <Foreign value={foreign} />;
}

function Foreign({ value }: { value: string }) {
  return (
    <span className="inline-flex items-center gap-1 text-waiting" title="This page has no name for this value">
      <QuestionIcon width={12} height={12} />
      {value}
    </span>
  );
}

const yesNo = (value: boolean) => (value ? "yes" : "no");

function Notices({ workspace }: { workspace: Workspace }) {
  const { odd, problem } = workspace;
  if (!problem && odd.length === 0) return null;
  return (
    <div className="flex flex-col gap-2 pt-3">
      {problem && (
        <div role="alert" className="flex gap-2 rounded-lg bg-danger-tint px-3 py-2 text-danger">
          <WarningIcon className="mt-0.5 shrink-0" />
          <p className="min-w-0 break-words whitespace-pre-line">
            <span className="font-semibold">{problemTitle(problem.code)}.</span> {problem.message}
          </p>
        </div>
      )}
      {odd.length > 0 && (
        <div className="flex gap-2 rounded-lg bg-waiting-tint px-3 py-2 text-waiting">
          <QuestionIcon className="mt-0.5 shrink-0" />
          <div className="min-w-0">
            <p>The server says something this page has no name for. A newer page may.</p>
            <ul className="my-1 font-mono text-tiny break-all">
              {odd.map((value) => (
                <li key={value.path}>
                  {value.path}: {value.value}
                </li>
              ))}
            </ul>
            <button type="button" onClick={() => location.reload()} className="font-medium underline underline-offset-2">
              Reload the page
            </button>
          </div>
        </div>
      )}
    </div>
  );
}

const requestTexts: Readonly<Record<PendingRequestType, string>> = {
  permission_request: "Asks for permission",
  plan_approval: "Asks to approve a plan",
  user_question: "Asks a question",
};

function Requests({ workspace }: { workspace: Workspace }) {
  const { pendingRequests, pendingRequestType, sessionSummaries } = workspace;
  if (pendingRequests.length === 0 && !isAsking(workspace)) return null;
  const who = (sessionId: string) => sessionSummaries.find((session) => session.sessionId === sessionId)?.name ?? sessionId;
  return (
    <Section title="Waits for you">
      <ul className="flex flex-col gap-1">
        {pendingRequests.length === 0 && (
          <li className="font-medium text-attention">
            {named(oddText(workspace, "pendingRequestType"), pendingRequestType && requestTexts[pendingRequestType])}
          </li>
        )}
        {pendingRequests.map((request, index) => (
          <li key={`${request.sessionId} ${request.requestId}`} className="flex items-baseline gap-2">
            <span className="font-medium text-attention">
              {named(oddInList(workspace, "pendingRequests", index, "type"), requestTexts[request.type])}
            </span>
            <span dir="auto" className="min-w-0 truncate text-soft">
              {visible(who(request.sessionId))}
            </span>
            <Age at={request.at} className="ml-auto text-small text-faint" />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Git({ workspace }: { workspace: Workspace }) {
  const { gitStats: stats, worktreePath, branchName, ahead, behind, operation } = workspace;
  return (
    <Section title="Git">
      <Facts
        facts={[
          [
            "Branch",
            known(
              workspace,
              "branchName",
              branchName === null ? (
                "detached HEAD"
              ) : (
                <span className="flex items-start gap-1">
                  <span dir="auto" className="min-w-0 font-mono text-small break-all">{visible(branchName)}</span>
                  <span className="-my-1 shrink-0">
                    <CopyButton text={branchName} what="the branch name" />
                  </span>
                </span>
              ),
            ),
          ],
          [
            "Worktree",
            worktreePath === null ? (
              known(workspace, "worktreePath", null)
            ) : (
              <span className="flex items-start gap-1">
                <span className="min-w-0 font-mono text-small break-all">{visible(worktreePath)}</span>
                <span className="-my-1 shrink-0">
                  <CopyButton text={worktreePath} what="the path of the worktree" />
                </span>
              </span>
            ),
          ],
          [
            "Changes",
            known(
              workspace,
              "gitStats",
              stats && (stats.total > 0 || stats.stale) && (
                <span className="tabular-nums">
                  <span className="text-success">+{stats.additions.toLocaleString()}</span>{" "}
                  <span className="text-danger">−{stats.deletions.toLocaleString()}</span> in {plural(stats.total, "file")}
                  {stats.stale && (
                    <Badge className="ml-2 bg-attention-tint text-attention" title="The latest measurement failed">
                      stale
                    </Badge>
                  )}
                </span>
              ),
            ),
          ],
          stats && [
            "Untracked",
            stats.untrackedFiles === 0
              ? null
              : `${plural(stats.untrackedFiles, "file")}, ${plural(stats.untrackedAdditions, "line")}`,
          ],
          stats && ["Uncommitted", yesNo(stats.hasUncommitted)],
          [
            "Upstream",
            known(workspace, "ahead", ahead === null && behind === null ? "no upstream" : `${ahead ?? 0} ahead, ${behind ?? 0} behind`),
          ],
          (operation !== null || oddText(workspace, "operation") !== null) && [
            "In progress",
            known(workspace, "operation", operation),
          ],
          ["Last activity", known(workspace, "lastActivityAt", <Age at={workspace.lastActivityAt} empty="none" spelled />)],
        ]}
      />
    </Section>
  );
}

function PullRequestFacts({ workspace }: { workspace: Workspace }) {
  if (!hasPullRequest(workspace)) {
    return (
      <Section title="Pull request">
        <p className="text-faint">{isPullRequestUnknown(workspace) ? "Unknown: nobody has reported one yet." : "None."}</p>
      </Section>
    );
  }
  const { prNumber, prUrl, prReviewState, prHeadBranch, hasMergeConflict, prUpdatedAt } = workspace;
  const url = safeUrl(prUrl);
  return (
    <Section title="Pull request">
      <Facts
        facts={[
          ["Number", prNumber === null ? null : `#${prNumber}`],
          ["State", known(workspace, "prState", prStateText(workspace))],
          ["Checks", known(workspace, "prCiStatus", <CiMark workspace={workspace} words />)],
          ["Review", known(workspace, "prReviewState", prReviewState === null ? null : sentence(prReviewState))],
          [
            "Conflicts",
            known(
              workspace,
              "hasMergeConflict",
              hasMergeConflict ? <span className="text-attention">merge conflict</span> : null,
            ),
          ],
          prHeadBranch !== null && ["Head branch", <span dir="auto" className="font-mono text-small break-all">{visible(prHeadBranch)}</span>],
          prUpdatedAt !== null && ["Seen", <Age at={prUpdatedAt} spelled />],
          url !== undefined && [
            "Link",
            <a
              href={url}
              target="_blank"
              rel="noreferrer"
              className="inline-flex max-w-full items-center gap-1 text-accent underline-offset-2 hover:underline"
            >
              <span className="truncate">{url.replace(/^https?:\/\//, "")}</span>
              <LinkIcon className="shrink-0" width={12} height={12} />
            </a>,
          ],
        ]}
      />
    </Section>
  );
}

function SessionFacts({ workspace }: { workspace: Workspace }) {
  const { sessionSummaries } = workspace;
  return (
    <Section title={sessionSummaries.length > 0 ? `Sessions, ${sessionSummaries.length}` : "Sessions"}>
      {sessionSummaries.length === 0 ? (
        <p className="text-faint">
          {isUnknown(workspace, "sessionSummaries") ? "Unknown: nobody has reported sessions yet." : "None."}
        </p>
      ) : (
        <ul className="flex flex-col gap-2">
          {sessionSummaries.map((session, index) => (
            <Session key={session.sessionId} workspace={workspace} index={index} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function Session({ workspace, index }: { workspace: Workspace; index: number }) {
  const session = workspace.sessionSummaries[index];
  if (!session) return null;
  const odd = (member: string) => oddInList(workspace, "sessionSummaries", index, member);
  const status = sessionStatus(workspace, index);
  const tone = session.errorMessage === null ? sessionTones[status] : "text-danger";
  const foreign = odd("runtimePhase") ?? odd("activity");
  const provider = odd("provider") ?? session.provider;
  const about = [provider === undefined ? "" : sentence(provider), session.model ?? "", session.workflow ?? ""].filter(
    (part) => part !== "",
  );
  return (
    <li className="flex gap-2">
      <AgentIcon className={`mt-0.5 shrink-0 ${tone}`} />
      <div className="min-w-0 flex-1">
        <p className="flex items-baseline gap-2">
          <span dir="auto" className="min-w-0 truncate font-medium" title={session.sessionId}>
            {visible(session.name ?? session.sessionId)}
          </span>
          <span className={`shrink-0 text-small ${tone}`}>{named(status === "unknown" ? foreign : null, sessionWords[status])}</span>
          <Age at={session.updatedAt} className="ml-auto text-small text-faint" />
        </p>
        {about.length > 0 && <p className="truncate text-small text-soft">{about.join(" · ")}</p>}
        {session.errorMessage !== null && <p className="text-small break-words text-danger">{session.errorMessage}</p>}
        {session.lastExit?.unexpected && (
          <p className="text-small text-attention">
            Ended unexpectedly
            {session.lastExit.code === null ? "" : ` with code ${session.lastExit.code}`}, <Age at={session.lastExit.timestamp} spelled />
          </p>
        )}
      </div>
    </li>
  );
}

function TerminalFacts({ workspace }: { workspace: Workspace }) {
  const { terminals, runScriptStatus, runScriptPort } = workspace;
  const runs = runScriptStatus !== "IDLE" || runScriptPort !== null || oddText(workspace, "runScriptStatus") !== null;
  if (terminals.length === 0 && !runs) return null;
  return (
    <Section title="Terminals and run script">
      {runs && (
        <Facts
          facts={[
            ["Run script", known(workspace, "runScriptStatus", sentence(runScriptStatus))],
            runScriptPort !== null && ["Port", <span className="tabular-nums">{runScriptPort}</span>],
          ]}
        />
      )}
      <ul className="mt-1 flex flex-col gap-1">
        {terminals.map((terminal, index) => (
          <li key={terminal.id} className="flex items-center gap-2">
            <TerminalIcon className="shrink-0 text-faint" />
            <span dir="auto" className="min-w-0 truncate">
              {visible(terminal.title ?? terminal.id)}
            </span>
            <span className="text-small text-soft">{named(oddInList(workspace, "terminals", index, "state"), terminal.state)}</span>
            <Age at={terminal.lastActivityAt} className="ml-auto text-small text-faint" />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Automation({ workspace }: { workspace: Workspace }) {
  const outcome = workspace.ratchetDispatchOutcome;
  return (
    <Section title="Automation">
      <Facts
        facts={[
          ["Auto-fix", known(workspace, "ratchetEnabled", <AutoFix workspace={workspace} />)],
          workspace.ratchetEnabled && ["State", known(workspace, "ratchetState", sentence(workspace.ratchetState))],
          outcome !== null && [
            "Latest run",
            `${sentence(outcome)}${workspace.ratchetDispatchRetryCount > 0 ? `, ${plural(workspace.ratchetDispatchRetryCount, "retry", "retries")}` : ""}`,
          ],
          workspace.ratchetDispatchStalled && ["Stalled", <span className="text-attention">yes, needs a person</span>],
          ["Mode", known(workspace, "mode", sentence(workspace.mode))],
          workspace.autoIterationStatus !== null && [
            "Iteration",
            known(workspace, "autoIterationStatus", sentence(workspace.autoIterationStatus)),
          ],
        ]}
      />
    </Section>
  );
}

function RecordFacts({ workspace }: { workspace: Workspace }) {
  return (
    <Section title="Record">
      <Facts
        facts={[
          ["Status", known(workspace, "status", sentence(workspace.status))],
          ["Created", known(workspace, "createdAt", <Age at={workspace.createdAt} empty="unknown" spelled />)],
          ["Column", workspace.kanbanColumn === null ? "off the board" : sentence(workspace.kanbanColumn)],
          ["Flow", known(workspace, "flowPhase", sentence(workspace.flowPhase))],
          ["Observed checks", known(workspace, "ciObservation", sentence(workspace.ciObservation))],
          [
            "Id",
            <span className="flex items-start gap-1">
              <span className="min-w-0 font-mono text-small break-all">{workspace.workspaceId}</span>
              <span className="-my-1 shrink-0">
                <CopyButton text={workspace.workspaceId} what="the id" />
              </span>
            </span>,
          ],
          ["Version", <span className="tabular-nums">{workspace.version}</span>],
          workspace.unknownFields.length > 0 && [
            "Not known yet",
            <span className="text-small text-faint">{workspace.unknownFields.join(", ")}</span>,
          ],
        ]}
      />
    </Section>
  );
}
