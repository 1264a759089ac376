export * from "./generated/model.ts";
export { ApiError, type Refusal } from "./api.ts";
export type { Attention } from "./attention.ts";
export type { BackoffOptions } from "./backoff.ts";
export { SnapboardClient } from "./client.ts";
export type { ProjectData } from "./project_state.ts";
export {
  ProjectStore,
  type Connection,
  type ConnectionReason,
  type ConnectionStatus,
  type ProjectState,
  type Socket,
  type StoreOptions,
} from "./project_store.ts";
export type { OddValue, Workspace } from "./read_entry.ts";
export type { Signals } from "./signals.ts";
