import type { Connection, ConnectionReason, ConnectionStatus, TransportKind } from "@snapboard/client";
import { useEffect, useState } from "react";
import { spellAge } from "../lib/age.ts";
import { useNow } from "../lib/now.ts";
import { CloudOffIcon, RefreshIcon } from "./icons.tsx";

const words: Readonly<Record<ConnectionStatus, string>> = {
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting",
  offline: "Offline",
};

const dots: Readonly<Record<ConnectionStatus, string>> = {
  connecting: "bg-neutral animate-breathe",
  live: "bg-success",
  reconnecting: "bg-attention-dot animate-breathe",
  offline: "bg-danger",
};

/** Shown beside "Live" when it is not a WebSocket that brings it. */
const detours: Readonly<Record<TransportKind, string>> = {
  websocket: "",
  "event-stream": "by event stream",
  "long-poll": "by polling",
};

const reasons: Readonly<Record<ConnectionReason, string>> = {
  unauthorized: "This browser's access has ended. Open the link that the server printed.",
  unknown_project: "The server no longer has this project.",
  not_ready: "The server is starting.",
  restarting: "The server is restarting.",
  too_slow: "The connection could not keep up.",
  silent: "The server has gone silent.",
  unreachable: "The server does not answer.",
  lost: "The connection was lost.",
};

/** One line: whether what is shown is live, and when the server last said anything. */
export function ConnectionLine({ connection, updatedAt }: { connection: Connection; updatedAt: number | null }) {
  const now = useNow();
  const { status } = connection;
  const age = updatedAt === null ? null : spellAge(Math.max(0, now - updatedAt));
  return (
    <p data-connection={status} className="flex min-w-0 items-center gap-2 text-small text-soft">
      <span aria-hidden="true" className={`dot size-2 shrink-0 ${dots[status]}`} />
      <span className="font-medium text-ink">{words[status]}</span>
      {connection.transport !== null && connection.detour !== null && (
        <span title="WebSockets do not get through. Better ways are tried again and again.">{detours[connection.transport]}</span>
      )}
      {age !== null && (
        <span className="truncate" title="When the server last reported a change">
          last update {age}
        </span>
      )}
    </p>
  );
}

/** The same in one dot, for a narrow header. */
export function ConnectionDot({ connection }: { connection: Connection }) {
  return (
    <span className="inline-flex items-center gap-1.5 text-small text-soft">
      <span aria-hidden="true" className={`dot size-2 ${dots[connection.status]}`} />
      {words[connection.status]}
    </span>
  );
}

const bannerLook =
  "flex shrink-0 flex-wrap items-center gap-x-2 gap-y-1 border-b border-line bg-attention-tint px-4 py-1.5 text-small text-attention";

/**
 * Says above everything else that what is shown may be old, why, and what happens next. To who listens, the reason and
 * the return; the seconds in between are only shown.
 */
export function ConnectionBanner({ connection, onRetry }: { connection: Connection; onRetry: () => void }) {
  const { status, reason, retryAt } = connection;
  const lost = status === "reconnecting" || status === "offline";
  const [wasLost, setWasLost] = useState(false);
  useEffect(() => {
    if (lost) setWasLost(true);
  }, [lost]);
  return (
    <div className={lost ? bannerLook : "sr-only"}>
      {lost && <CloudOffIcon className="shrink-0" />}
      <p role="status">
        {lost ? (
          <>
            <span className="font-medium">{status === "offline" ? "No network." : reasons[reason ?? "lost"]}</span>{" "}
            <span>This is the last known state.</span>
          </>
        ) : (
          wasLost && status === "live" && "Live again."
        )}
      </p>
      {lost && (
        <span className="ml-auto inline-flex items-center gap-3">
          {retryAt !== null && <Countdown until={retryAt} />}
          <button
            type="button"
            onClick={onRetry}
            className="inline-flex items-center gap-1 font-medium underline-offset-2 hover:underline"
          >
            <RefreshIcon width={12} height={12} />
            Try now
          </button>
        </span>
      )}
    </div>
  );
}

function Countdown({ until }: { until: number }) {
  const left = () => Math.max(0, Math.ceil((until - Date.now()) / 1_000));
  const [seconds, setSeconds] = useState(left);
  useEffect(() => {
    setSeconds(left());
    const timer = setInterval(() => setSeconds(left()), 1_000);
    return () => clearInterval(timer);
  }, [until]);
  return <span className="tabular-nums">Next try in {seconds} s</span>;
}
