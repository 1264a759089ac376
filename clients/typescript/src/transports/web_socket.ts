import type { ConnectionReason, Ending, OpenTransport, Socket } from "./transport.ts";

const protocol = 2;
const closedWithoutAWord = 1006;

/** Dialect 2 over `/sync`. A page is not told why an upgrade was refused, so most endings here are not final. */
export const openWebSocket: OpenTransport = (request, ears) => {
  const url = new URL("/sync", request.baseUrl);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  let { view } = request;
  let viewSeq = 1;
  let greeted = false;

  let socket: Socket | null = null;
  let thrown: ReturnType<typeof setTimeout> | undefined;
  try {
    socket = request.webSocket(url.href, request.token);
  } catch {
    // A constructor that throws is an attempt that failed; answered in a later turn, as a socket would.
    thrown = setTimeout(() => ears.ended({ reason: "unreachable", retryAfterMs: null, final: false }), 0);
  }
  if (socket) {
    const open = socket;
    socket.onopen = () => {
      const { cursor, heartbeatMs, coalesceMs } = request;
      const hello = { type: "hello", protocol, view, patch: true, heartbeatMs, coalesceMs };
      greeted = true;
      open.send(JSON.stringify(cursor === null ? hello : { ...hello, cursor }));
    };
    socket.onmessage = ({ data }) => ears.message(data);
    const end = (code: number) => {
      release();
      ears.ended(endingOf(code));
    };
    socket.onclose = ({ code }) => end(code);
    // A refused upgrade is an error without a close in Node; in a page the close would follow and say no more.
    socket.onerror = () => {
      if (!greeted) end(closedWithoutAWord);
    };
  }

  function release(): void {
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null;
    socket = null;
  }

  return {
    change(next) {
      view = next;
      if (!greeted || !socket) return viewSeq;
      viewSeq += 1;
      socket.send(JSON.stringify({ type: "view", viewSeq, view }));
      return viewSeq;
    },
    close() {
      clearTimeout(thrown);
      const open = socket;
      release();
      open?.close();
    },
  };
};

/** A socket as the platform has it. Only Node can send a header with the upgrade; a page has its cookie. */
export function platformSocket(url: string, token: string | null): Socket {
  if (token === null) return new WebSocket(url) as unknown as Socket;
  type WithHeaders = new (url: string, options: { headers: Record<string, string> }) => Socket;
  return new (WebSocket as unknown as WithHeaders)(url, { headers: { authorization: `Bearer ${token}` } });
}

function endingOf(code: number): Ending {
  const reasons: Readonly<Record<number, ConnectionReason>> = {
    1001: "restarting",
    1012: "restarting",
    4401: "unauthorized",
    4404: "unknown_project",
    4408: "too_slow",
  };
  const reason = reasons[code];
  return { reason: reason ?? "lost", retryAfterMs: null, final: reason !== undefined };
}
