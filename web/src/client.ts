import { SnapboardClient } from "@snapboard/client";

/** The server this page came from. */
export const client = new SnapboardClient({ baseUrl: location.origin });
