import { listProjects } from "./api.ts";
import type { ProjectRow } from "./generated/model.ts";
import { ProjectStore, type StoreOptions } from "./project_store.ts";

/** One server: its projects and a store for each that is looked at. */
export class SnapboardClient {
  readonly #options: StoreOptions;
  readonly #stores = new Map<string, ProjectStore>();

  constructor(options: StoreOptions) {
    this.#options = options;
  }

  /** The projects as they are now. Errors: ApiError. */
  projects(signal?: AbortSignal): Promise<readonly ProjectRow[]> {
    return listProjects(this.#options.baseUrl, this.#options.token ?? null, signal);
  }

  /** The store of a project, always the same one. It connects when somebody listens. */
  project(projectId: string): ProjectStore {
    let store = this.#stores.get(projectId);
    if (!store) {
      store = new ProjectStore(projectId, this.#options);
      this.#stores.set(projectId, store);
    }
    return store;
  }

  close(): void {
    for (const store of this.#stores.values()) store.close();
    this.#stores.clear();
  }
}
