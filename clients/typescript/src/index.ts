export * from "./generated/model.ts";
export { ApiError, type Refusal } from "./api.ts";
export type { Attention } from "./attention.ts";
export type { BackoffOptions } from "./backoff.ts";
export { SnapboardClient } from "./client.ts";
export type { ProjectData } from "./project_state.ts";
export {
  ProjectStore,
  type Connection,
  type ConnectionStatus,
  type Detour,
  type ProjectState,
  type StoreOptions,
} from "./project_store.ts";
export type { OddValue, Workspace } from "./read_entry.ts";
export type { Signals } from "./signals.ts";
export type { SourceHealth } from "./read_message.ts";
export type { ConnectionReason, Socket, TransportKind } from "./transports/transport.ts";
export type { ViewOptions, ViewShape } from "./view.ts";
