import type { View } from "../view.ts";

/** The ways to the server, best first. */
export const transportKinds = ["websocket", "event-stream", "long-poll"] as const;
export type TransportKind = (typeof transportKinds)[number];

/** Why there is no connection, as far as we can know. */
export type ConnectionReason =
  | "unauthorized"
  | "unknown_project"
  | "not_ready"
  | "restarting"
  | "too_slow"
  | "silent"
  | "unreachable"
  | "lost";

/** How a connection ended. */
export interface Ending {
  readonly reason: ConnectionReason;
  /** How long the server asks us to stay away. */
  readonly retryAfterMs: number | null;
  /** The server itself refused: no other transport will do better. */
  readonly final: boolean;
}

/** Where a connection goes to and from where it goes on. */
export interface Request {
  readonly baseUrl: string;
  /** For where cookies do not reach: sent as a bearer token. */
  readonly token: string | null;
  readonly view: View;
  readonly cursor: string | null;
  readonly heartbeatMs: number;
  readonly coalesceMs: number;
  readonly webSocket: (url: string, token: string | null) => Socket;
}

/** What a connection tells. Nothing more comes after `ended`, and nothing at all after `close`. */
export interface Ears {
  /** One message of dialect 2, as text. */
  message(data: unknown): void;
  /** The server cannot continue the cursor; a baseline follows. */
  forget(): void;
  ended(ending: Ending): void;
}

/** One connection, whatever carries it. */
export interface Transport {
  /** Asks for another view. Returns the viewSeq its messages will carry. */
  change(view: View): number;
  close(): void;
}

/** Opens a connection. Tells nothing before it returns. Never throws. */
export type OpenTransport = (request: Request, ears: Ears) => Transport;

/** The part of a WebSocket that is used. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number }) => void) | null;
  onerror: (() => void) | null;
  send(text: string): void;
  close(): void;
}
